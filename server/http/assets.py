"""Static files: the built front end, under names that carry their hash; and the sign of life."""

import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from server.http.pace import Pace
from server.http.pages import WEB
from server.http.routing import Route
from server.kernel.errors import NotFound
from server.kernel.permissions import Action

_FOR_EVER = "public, max-age=31536000, immutable"


def asset_hashes(dist: Path = WEB / "dist") -> Iterator[tuple[str, str]]:
    """Yield the SHA-256 in hexadecimal digits and the path of each file that browsers are given, by path.

    The same source makes the same files, so whoever builds it can compare what a server gave them.
    """
    for path in sorted(dist.rglob("*")):
        name = path.relative_to(dist)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield hashlib.sha256(path.read_bytes()).hexdigest(), name.as_posix()


class AssetHandlers:
    """Serves files below `dist`."""

    def __init__(self, dist: Path = WEB / "dist") -> None:
        """Keep the directory; a file elsewhere is never served."""
        self._dist = dist.resolve()

    def routes(self) -> tuple[Route, ...]:
        """Return the routes for files and for probes."""
        return (
            Route("GET", "/static/{path:.+}", self.file, Action.VISIT, pace=Pace.FREE),
            Route("GET", "/healthz", self.health, Action.VISIT, pace=Pace.FREE),
        )

    async def file(self, request: web.Request) -> web.FileResponse:
        """Send a built file, compressed where a compressed twin lies beside it.

        Raises:
            NotFound: there is none, or the path leads out of the directory.
        """
        try:
            path = (self._dist / request.match_info["path"]).resolve()
            served = path.is_relative_to(self._dist) and path.is_file()
        except (ValueError, OSError):
            served = False
            path = self._dist
        if not served or any(part.startswith(".") for part in path.relative_to(self._dist).parts):
            raise NotFound
        return web.FileResponse(path, headers={"Cache-Control": _FOR_EVER})

    async def health(self, _request: web.Request) -> web.Response:
        """Say that the process answers."""
        return web.Response(text="ok\n", status=HTTPStatus.OK)
