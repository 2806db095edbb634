"""The real `serve` process: it starts, says where, and ends with all it started."""

import asyncio
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.faults.serving import free_port, serving


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serve_answers_and_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(tmp_path) as served:
        async with aiohttp.ClientSession() as session, session.get(f"{served.address}/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        served.process.send_signal(number)
        assert await asyncio.wait_for(served.process.wait(), 5) == 0


async def test_a_second_serve_on_the_same_data_is_refused_with_advice(tmp_path: Path) -> None:
    async with serving(tmp_path):
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
    async with serving(tmp_path / "first") as first:
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "server", "serve", "--port", str(first.port), "--data-dir", str(tmp_path / "second")),
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 1
    assert b"--port" in told
    assert b"Traceback" not in told
