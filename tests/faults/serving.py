"""Runs the real `serve` process for tests that look at it from outside."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.until import until

START_WITHIN_S = 90.0
_NOTHING: Mapping[str, str] = {}
_FAST = {"LIANBIAN_PACE": "1000"}
"""What is looked at from outside is written to by machines: faster than the bounds on people let them."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Served:
    """A `serve` process that listens, in a process group of its own."""

    process: asyncio.subprocess.Process
    port: int
    output: Path
    """What it said, on both streams."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    async def kill(self) -> None:
        """Kills it and every process that it started: no handler runs."""
        self.strike()
        await self.process.wait()

    def strike(self) -> None:
        """Kills them without waiting for their end."""
        os.killpg(self.process.pid, signal.SIGKILL)


@asynccontextmanager
async def serving(
    data_dir: Path,
    *options: str,
    port: int | None = None,
    module: str = "server",
    environment: Mapping[str, str] = _NOTHING,
) -> AsyncIterator[Served]:
    """Runs `serve` until it says where it listens; kills its process group at the end."""
    port = port or free_port()
    output, before = _output_in(data_dir)
    with output.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, "serve", "--port", str(port), "--data-dir", str(data_dir)),
            *("--media-port", str(free_port()), *options),
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **_FAST, **environment},
        )
    served = Served(process, port, output)

    def listens() -> bool:
        said = output.read_bytes()[before:].decode()
        assert process.returncode is None, f"serve ended before it listened:\n{said}"
        return f"127.0.0.1:{port}" in said

    try:
        await until(listens, within_s=START_WITHIN_S)
        yield served
    finally:
        if process.returncode is None:
            await served.kill()


def _output_in(data_dir: Path) -> tuple[Path, int]:
    """Returns the file beside `data_dir` for what is said, and how much an earlier process said there."""
    data_dir.mkdir(parents=True, exist_ok=True)
    output = data_dir.with_name(f"{data_dir.name}.log")
    output.touch()
    return output, output.stat().st_size
