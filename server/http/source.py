"""The source offer of AGPL-3.0 §13: whoever uses the platform over a network gets what it runs on.

The archive is made of the files that run here, local changes included, so the offer is never out of date.
"""

import asyncio
import io
import tarfile
from pathlib import Path

from aiohttp import web

from server.http.pace import Pace
from server.http.routing import Route
from server.kernel.permissions import Action

ROOT = Path(__file__).parents[2]
_FOLDERS = ("server", "storage", "web", "workbench", "tests", "docs", "requirements")
_FILES = ("run.py", "pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")
_DEPLOY = (
    "deploy/Caddyfile",
    "deploy/Containerfile",
    "deploy/compose.yaml",
    "deploy/coturn.conf",
    "deploy/postgresql.sql",
    "deploy/secrets.sh",
    "deploy/systemd/lianbian-backup.service",
    "deploy/systemd/lianbian-backup.timer",
    "deploy/systemd/lianbian-turn.service",
    "deploy/systemd/lianbian-worker@.service",
    "deploy/systemd/lianbian.service",
    "deploy/turn.sh",
)
"""File by file: beside them operators keep their own, with passwords."""
_LEFT_OUT = frozenset({"node_modules", "dist", "__pycache__"})


class SourceHandlers:
    """Serves `/source.tar.gz`."""

    def __init__(self, root: Path = ROOT) -> None:
        """Keep where the product lies; nothing is read before it is asked for."""
        self._root = root
        self._making: asyncio.Task[bytes] | None = None

    def routes(self) -> tuple[Route, ...]:
        """Return the one route."""
        return (Route("GET", "/source.tar.gz", self.archive, Action.VISIT, pace=Pace.COSTLY),)

    async def archive(self, _request: web.Request) -> web.Response:
        """Send the archive, made once in a thread and kept while the process lives."""
        if self._making is None or (self._making.done() and self._making.exception() is not None):
            self._making = asyncio.create_task(asyncio.to_thread(pack, self._root))
        body = await asyncio.shield(self._making)
        return web.Response(
            body=body,
            content_type="application/gzip",
            headers={"Content-Disposition": 'attachment; filename="lianbian-source.tar.gz"'},
        )


def pack(root: Path) -> bytes:
    """Return the product's files below `root` as a gzipped tar, without what it makes of them itself."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
        for name in (*_FILES, *_DEPLOY, *_FOLDERS):
            if (root / name).exists():
                archive.add(root / name, f"lianbian/{name}", filter=_wanted)
    return buffer.getvalue()


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what is built or hidden (an operator's `.env`), and the names of who owns the files here."""
    name = Path(entry.name).name
    if name in _LEFT_OUT or name.startswith("."):
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
