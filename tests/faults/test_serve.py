"""The real `serve` process: it starts, says where, and ends with all it started."""

import asyncio
import re
import signal
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

import aiohttp
import pytest

from server.settings import Settings
from storage.head_files import HeadFiles
from storage.key_file import write_key
from tests.databases import Content, copy_file
from tests.faults.serving import free_port, serving
from tests.until import until


def _processes_of(data_dir: Path) -> list[str]:
    """Returns the command lines that name the data directory."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(data_dir) in line]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serve_answers_and_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(tmp_path, "--no-demo") as served:
        async with aiohttp.ClientSession() as session, session.get(f"{served.address}/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        await until((tmp_path / "run" / "media.sock").exists, within_s=60)
        served.process.send_signal(number)
        assert await asyncio.wait_for(served.process.wait(), 60) == 0
    assert _processes_of(tmp_path) == []


async def test_the_children_end_when_serve_is_killed_without_warning(tmp_path: Path) -> None:
    async with serving(tmp_path, "--no-demo") as served:
        await until((tmp_path / "run" / "media.sock").exists, within_s=60)
        assert len(_processes_of(tmp_path)) >= 2, "the media process was not seen"
        served.process.kill()
        await served.process.wait()
        await until(lambda: not _processes_of(tmp_path), within_s=60)


async def _refused(*words: str) -> tuple[str, str]:
    """Runs a command that must end by itself, with advice; returns what it said on either stream."""
    command = (sys.executable, "-m", "server", *words)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"Traceback" not in told
    return said.decode(), told.decode()


async def test_a_second_serve_on_the_same_data_is_refused_with_advice(tmp_path: Path) -> None:
    async with serving(tmp_path, "--no-demo"):
        _, told = await _refused("serve", "--port", str(free_port()), "--data-dir", str(tmp_path))
    assert "--data-dir" in told


async def test_a_taken_port_is_refused_with_advice(tmp_path: Path) -> None:
    async with serving(tmp_path / "first", "--no-demo") as first:
        said, told = await _refused(
            "serve", "--port", str(first.port), "--data-dir", str(tmp_path / "second")
        )
    assert "--port" in told
    assert said == "", "a province was made before the port was tried"


async def test_the_demo_is_never_made_where_real_people_work(tmp_path: Path) -> None:
    account = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "account", "--data-dir", str(tmp_path)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(account.wait(), 60) == 0
    for command in ("serve", "demo"):
        _, told = await _refused(command, "--port", str(free_port()), "--data-dir", str(tmp_path))
        assert "--no-demo" in told


async def test_real_people_are_not_served_where_the_demo_is(tmp_path: Path) -> None:
    await copy_file(tmp_path / "lianbian.db", Content.PROVINCE)
    write_key(Settings(data_dir=tmp_path).log_key, bytes(32))
    options = ("--port", str(free_port()), "--data-dir", str(tmp_path))
    _, told = await _refused("serve", "--no-demo", *options)
    assert "--data-dir" in told


async def test_a_database_that_does_not_answer_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"127.0.0.1:{free_port()}/d"
    monkeypatch.setenv("LIANBIAN_DATABASE_URL", f"postgresql://u:secret@{address}")
    for command in ("serve", "check"):
        _, told = await _refused(command, "--port", str(free_port()), "--data-dir", str(tmp_path))
        assert address in told
        assert "secret" not in told


async def test_a_database_of_another_make_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANBIAN_DATABASE_URL", "mysql://u:secret@127.0.0.1/d")
    _, told = await _refused("migrate", "--data-dir", str(tmp_path))
    assert "postgresql://" in told
    assert "secret" not in told


async def test_figures_are_served_on_a_port_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("LIANBIAN_METRICS_PORT", str(port))
    async with serving(tmp_path, "--no-demo") as served, aiohttp.ClientSession() as session:
        async with session.get(f"{served.address}/metrics") as answer:
            assert answer.status == 404
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert 'route="-",status="4xx"} 1.0' in await answer.text()


async def _checked(data_dir: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "check", "--data-dir", str(data_dir)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return f"{process.returncode}: {said.decode()}"


async def test_what_was_taken_from_the_log_of_a_served_province_is_named(tmp_path: Path) -> None:
    async with serving(tmp_path):
        """The demo's province leaves entries in the log."""

    def is_shown() -> bool:
        return any(b'"tree_size": 0' not in line for _, line in HeadFiles(tmp_path / "heads").lines())

    async with serving(tmp_path):
        await until(is_shown, within_s=60)
    sound = await _checked(tmp_path)
    assert re.search(r"0: .*entries: \d{2,}, 树头 · tree heads: 2, 文件 · files: 0\)", sound), sound
    with closing(sqlite3.connect(tmp_path / "lianbian.db")) as database:
        database.execute("DELETE FROM audit_entry WHERE number > 10")
        database.commit()
    altered = await _checked(tmp_path)
    assert re.search(r"entries 11 to \d+ are missing\n1 处问题", altered), altered


async def test_a_node_with_another_key_of_the_log_does_not_start(tmp_path: Path) -> None:
    async with serving(tmp_path):
        """The demo's province leaves entries in the log."""
    (tmp_path / "keys" / "log.key").unlink()
    _, told = await _refused("serve", "--port", str(free_port()), "--data-dir", str(tmp_path))
    assert "log.key" in told
