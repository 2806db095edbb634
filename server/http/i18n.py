"""Languages: Chinese message ids in the source, English from the catalogue."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from aiohttp import web
from babel.messages.pofile import read_po

LANGUAGE_COOKIE = "lianbian_language"


class Locale(StrEnum):
    """A language of the interface, as a BCP 47 tag."""

    ZH = "zh-CN"
    EN = "en"


class Catalogue(Protocol):
    """Translates message ids."""

    def gettext(self, locale: Locale, message: str) -> str:
        """Return `message` in `locale`; itself where there is no translation."""
        ...

    def ngettext(self, locale: Locale, singular: str, plural: str, n: int) -> str:
        """Return the form for `n`."""
        ...


def locale_of(request: web.Request) -> Locale:
    """Return the reader's language: what they chose, else for an API client what it accepts, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in set(Locale):
        return Locale(chosen)
    if request.path.startswith("/api/") and request.headers.get("Accept-Language", "").startswith("en"):
        return Locale.EN
    return Locale.ZH


class PoCatalogue:
    """The English catalogue `en.po`; Chinese is the source and needs none."""

    def __init__(self, english: Path) -> None:
        """Read `english`, a PO file."""
        with english.open("rb") as file:
            catalogue = read_po(file, locale="en")
        self._english = {entry.id: entry.string for entry in catalogue if entry.id and entry.string}

    @property
    def messages(self) -> Mapping[str, str]:
        """Every message id of one form, with its English."""
        return {
            message: told
            for message, told in self._english.items()
            if isinstance(message, str) and isinstance(told, str)
        }

    def gettext(self, locale: Locale, message: str) -> str:
        """Return `message` in `locale`; itself where there is no translation."""
        found = self._english.get(message) if locale is Locale.EN else None
        return found if isinstance(found, str) else message

    def ngettext(self, locale: Locale, singular: str, plural: str, n: int) -> str:
        """Return the form for `n`; Chinese has one form only."""
        if locale is not Locale.EN:
            return singular
        found = self._english.get((singular, plural))
        forms = found if isinstance(found, tuple | list) else (singular, plural)
        return forms[0] if n == 1 else forms[-1]
