"""Finds every message of the product: `N_("…")` in Python, `_("…")` in templates, `t("…")` in TypeScript.

`python -m tests.catalogue` prints, in the form of a PO file, those that have no English yet.
"""

import ast
import re
import sys
from collections.abc import Iterator

from babel.messages.pofile import escape
from jinja2.ext import babel_extract

from server.http.i18n import PoCatalogue
from server.http.pages import WEB

ROOT = WEB.parent
_TYPESCRIPT = re.compile(r"""\bt\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\$]|\\.)*)`)""")


def english() -> PoCatalogue:
    """Read the English catalogue."""
    return PoCatalogue(WEB / "locale" / "en.po")


def messages() -> dict[str, str]:
    """Return every message with one place where it stands."""
    found: dict[str, str] = {}
    for place, message in (*_in_python(), *_in_templates(), *_in_typescript()):
        found.setdefault(message, place)
    return found


def missing() -> dict[str, str]:
    """Return the messages that have no English, with the place of each."""
    known = english().messages
    return {message: place for message, place in messages().items() if message not in known}


def _in_python() -> Iterator[tuple[str, str]]:
    for folder in ("server", "storage"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id="N_"), args=[ast.Constant(value=str(message))]):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", message
                    case _:
                        pass


def _in_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((WEB / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for line, _, message, _ in babel_extract(file, ("_",), [], {"silent": "false"}):
                first = message[0] if isinstance(message, tuple) else message
                if first is not None:
                    yield f"{path.relative_to(ROOT)}:{line}", first


def _in_typescript() -> Iterator[tuple[str, str]]:
    """Babel's own JavaScript lexer misses strings inside template literals; a pattern finds them all."""
    for path in sorted((WEB / "src").rglob("*.ts")):
        for found in _TYPESCRIPT.finditer(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}", next(filter(None, found.groups()))


def _missing_entries() -> str:
    return "\n".join(
        f'#: {place}\nmsgid {escape(message)}\nmsgstr ""\n' for message, place in missing().items()
    )


if __name__ == "__main__":
    sys.stdout.write(_missing_entries())
