"""Writes docs/security.md."""

from tests.security.document import DOCUMENT, document

DOCUMENT.write_text(document(), encoding="utf-8")
