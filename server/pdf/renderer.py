"""Supervises render processes: keeps one warm, gives each document its own, kills what takes too long."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from server.pdf import wire
from server.pdf.manifest import (
    DocumentInfo,
    DocumentProblem,
    DocumentRefused,
    PageProblem,
    PageRefused,
    PreparedPage,
)

START_S = 30.0
OPEN_S = 20.0
PAGE_S = 15.0
PAGES_A_PROCESS = 200
_ROOT = Path(__file__).parents[2]
_ENOUGH_ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


class ProcessLost(Exception):
    """The render process ended, stalled or talked nonsense."""


class RenderProcess:
    """One child and the conversation with it."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        """Own `child`."""
        self._child = child
        self.network_confined = False
        self.files_confined = False

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @classmethod
    async def start(cls) -> Self:
        """Start a child and wait for its greeting.

        Raises:
            ProcessLost: it does not greet.
        """
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "server.pdf.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENOUGH_ENVIRONMENT,
            cwd=os.sep,
            start_new_session=True,
        )
        process = cls(child)
        await process._receive(START_S)
        return process

    async def ask(self, command: Mapping[str, object], *, within_s: float) -> tuple[wire.Head, bytes]:
        """Send `command` and return its answer; a child that fails to answer soundly is killed.

        Raises:
            ProcessLost: no sound answer came in time.
        """
        if self._child.stdin is None:
            raise ProcessLost
        try:
            self._child.stdin.write(json.dumps(command).encode() + b"\n")
            await self._child.stdin.drain()
        except OSError as error:
            await self.kill()
            raise ProcessLost from error
        return await self._receive(within_s)

    async def _receive(self, within_s: float) -> tuple[wire.Head, bytes]:
        try:
            async with asyncio.timeout(within_s):
                return await self._read_frame()
        except (TimeoutError, asyncio.IncompleteReadError, wire.ReplyInvalid, OSError) as error:
            await self.kill()
            raise ProcessLost from error
        except asyncio.CancelledError:
            await self.kill()
            raise

    async def _read_frame(self) -> tuple[wire.Head, bytes]:
        if self._child.stdout is None:
            raise wire.ReplyInvalid
        head_bytes = int.from_bytes(await self._child.stdout.readexactly(4), "big")
        if head_bytes > wire.HEAD_BYTES_MAX:
            raise wire.ReplyInvalid
        head = wire.parse_head(await self._child.stdout.readexactly(head_bytes))
        payload_bytes = head["payload"]
        if not isinstance(payload_bytes, int):
            raise wire.ReplyInvalid
        return head, await self._child.stdout.readexactly(payload_bytes)

    async def kill(self) -> None:
        """End the child and wait until it is gone."""
        with suppress(ProcessLookupError):
            self._child.kill()
        await asyncio.shield(self._child.wait())


class OpenDocument:
    """A document in its own render process, which is replaced when a page kills it."""

    def __init__(self, renderer: "Renderer", path: Path, page_s: float) -> None:
        """Prepare to open `path`; pages get `page_s` seconds each."""
        self._renderer = renderer
        self._path = path
        self._page_s = page_s
        self._process: RenderProcess | None = None
        self._pages_left = 0

    async def open(self) -> DocumentInfo:
        """Open the document in a fresh process.

        Raises:
            DocumentRefused: it is of no use, and why.
        """
        await self.close()
        self._process = await self._renderer.take()
        self._pages_left = PAGES_A_PROCESS
        try:
            head, _ = await self._process.ask({"open": str(self._path)}, within_s=OPEN_S)
            self._process.files_confined = head.get("files_confined") is True
            self._process.network_confined = head.get("network_confined") is True
            if "refused" in head:
                raise DocumentRefused(DocumentProblem(str(head["refused"])))
            return wire.parse_document(head)
        except (ProcessLost, wire.ReplyInvalid, ValueError) as error:
            await self.close()
            raise DocumentRefused(DocumentProblem.TOO_COMPLEX) from error

    async def page(self, number: int) -> PreparedPage:
        """Prepare page `number` (from 1); a page that kills its process costs only itself.

        Raises:
            PageRefused: the page can't be shown, and why.
        """
        try:
            if self._process is None or self._pages_left == 0:
                await self.open()
            if self._process is None:
                raise PageRefused(PageProblem.TOO_COMPLEX)
            self._pages_left -= 1
            head, image = await self._process.ask({"page": number}, within_s=self._page_s)
            if "refused" in head:
                raise PageRefused(PageProblem(str(head["refused"])))
            return wire.parse_page(head, image)
        except (ProcessLost, DocumentRefused, wire.ReplyInvalid, ValueError) as error:
            await self.close()
            raise PageRefused(PageProblem.TOO_COMPLEX) from error

    @property
    def process(self) -> RenderProcess | None:
        """The process at work, None between two."""
        return self._process

    async def close(self) -> None:
        """End the process: it has seen a document and never sees another."""
        process, self._process = self._process, None
        if process is not None:
            await process.kill()


class Renderer:
    """Hands out render processes; one is kept warm, because starting takes half a second."""

    def __init__(self, *, page_s: float = PAGE_S) -> None:
        """Give each page `page_s` seconds."""
        self._page_s = page_s
        self._warm: asyncio.Task[RenderProcess] | None = None
        self._closed = False

    def warm_up(self) -> None:
        """Begin to start the next process, unless one is waiting."""
        if self._warm is None and not self._closed:
            self._warm = asyncio.create_task(RenderProcess.start(), name="render-process-start")

    async def take(self) -> RenderProcess:
        """Return a process that has seen no document, and begin to warm the next.

        Raises:
            ProcessLost: none can be started.
        """
        self.warm_up()
        warm, self._warm = self._warm, None
        process = await (warm if warm is not None else RenderProcess.start())
        self.warm_up()
        return process

    @asynccontextmanager
    async def document(self, path: Path) -> AsyncIterator[OpenDocument]:
        """Lend a render process for the document at `path`; it ends with the block."""
        document = OpenDocument(self, path, self._page_s)
        try:
            yield document
        finally:
            await document.close()

    async def chinese_font(self) -> bytes:
        """Return the TrueType font that MuPDF carries for Chinese.

        Raises:
            ProcessLost: no process answers.
        """
        process = await self.take()
        try:
            _, font = await process.ask({"font": True}, within_s=OPEN_S)
        finally:
            await process.kill()
        return font

    async def close(self) -> None:
        """End the warm process."""
        self._closed = True
        warm, self._warm = self._warm, None
        if warm is not None:
            with suppress(ProcessLost):
                await (await warm).kill()
