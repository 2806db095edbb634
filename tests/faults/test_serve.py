"""The real `serve` process: it starts, says where, and ends with all it started."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serving(data_dir: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs `serve` until it says where it listens; kills its process group at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "server", "serve", "--port", str(port), "--data-dir", str(data_dir)),
        *("--media-port", str(free_port())),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while str(port) not in (line := (await process.stdout.readline()).decode()):
                assert line, "serve ended before it listened"
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serve_answers_and_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    async with serving(tmp_path, port) as process:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/healthz") as answer,
        ):
            assert (answer.status, await answer.text()) == (200, "ok\n")
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_a_second_serve_on_the_same_data_is_refused_with_advice(tmp_path: Path) -> None:
    async with serving(tmp_path, free_port()):
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "server", "serve", "--port", str(free_port()), "--data-dir", str(tmp_path)),
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 1
    assert b"--data-dir" in told
    assert b"Traceback" not in told


async def test_a_taken_port_is_refused_with_advice(tmp_path: Path) -> None:
    port = free_port()
    async with serving(tmp_path / "first", port):
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "server", "serve", "--port", str(port), "--data-dir", str(tmp_path / "second")),
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 1
    assert b"--port" in told
    assert b"Traceback" not in told
