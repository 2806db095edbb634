"""Where somebody has to show once more who they are: the page that asks for it, and the way back.

A form that was posted too late is not lost: its fields go along, and are offered again afterwards.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from aiohttp import web
from yarl import URL

from server.http.pages import Pages

PROVE = "/account/prove"
_MAX_CARRIED = 200_000
"""Characters; more than any form of ours holds."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A form that waits: where it goes, and its fields."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Write it down for a hidden field."""
        return json.dumps([self.path, self.fields], ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `text` says; None if it is none of ours, or leads off this site."""
        if len(text) > _MAX_CARRIED:
            return None
        try:
            path, fields = json.loads(text)
            pairs = tuple((name, value) for name, value in fields)
        except (ValueError, TypeError, RecursionError):
            return None
        texts = (path, *(each for pair in pairs for each in pair))
        if not all(isinstance(each, str) for each in texts) or local(str(path)) != path:
            return None
        return cls(str(path), pairs)


async def ask_for_proof(request: web.Request, pages: Pages) -> web.Response:
    """Lead a browser to prove who is there: from a page and back to it, from a form with its fields."""
    if request.method == "GET":
        location = URL(PROVE).with_query({"next": request.path_qs})
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": str(location)})
    form = await request.post()
    fields = tuple((name, value) for name, value in form.items() if isinstance(value, str))
    carried = Carried(request.path, fields)
    return pages.render(
        request,
        "people/prove.html",
        status=HTTPStatus.FORBIDDEN,
        next="/",
        carried=carried.text,
        problem=None,
    )


def local(path: str) -> str:
    """Return `path` if it stays on this site, else the home page: no open redirect.

    Browsers drop tabs and line ends from an address, so that `/<tab>/elsewhere` would lead there.
    """
    stays = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if stays else "/"
