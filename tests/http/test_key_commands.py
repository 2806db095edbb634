"""What the operator does with keys, on an installation with a dossier."""

import asyncio
import io
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from server.casefiles.model import DossierStatus
from server.key_commands import NoInstallation, check_files, drill, restore, rotate, split
from server.settings import Settings
from storage.database import Database
from storage.escrow import SharesRefused
from tests import documents
from tests.http.conftest import SignedIn
from tests.http.test_dossiers import stored_dossier
from tests.http.work import stored_work

FILES = 3
"""The original and two pages."""


@pytest.fixture
async def kept(database: Database, settings: Settings, signed_in: SignedIn) -> Settings:
    """An installation with a dossier that was split."""
    work = await stored_work(database)
    await signed_in(work.lead)
    await stored_dossier(database, settings, work, documents.scan(2), DossierStatus.READY)
    return settings


def quiet(_done: int, _whole: int) -> None:
    """Nobody watches."""


def master_file(settings: Settings) -> Path:
    return settings.master_keys / "1.key"


async def test_a_drill_reads_every_file_with_shares_alone(
    kept: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    split(kept, shares=5, threshold=3)
    lines = capsys.readouterr().out.splitlines()
    await asyncio.to_thread(master_file(kept).rename, master_file(kept).with_suffix(".away"))
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines[1:4])))
    findings = await drill(kept, quiet)
    assert f"{FILES} 个文件" in capsys.readouterr().out
    assert findings == ()
    assert not master_file(kept).exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines[:3])))
    restore(kept)
    assert (await check_files(kept, quiet))[1] == FILES
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines[:3])))
    restore(kept)
    assert "已在" in capsys.readouterr().out


async def test_too_few_shares_restore_nothing(
    kept: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    split(kept, shares=3, threshold=2)
    line = capsys.readouterr().out.splitlines()[0]
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    with pytest.raises(SharesRefused):
        await drill(kept, quiet)


async def test_after_a_rotation_every_file_can_be_read(
    kept: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await rotate(kept)
    assert "1 个案件密钥" in capsys.readouterr().out
    assert (await check_files(kept, quiet))[1] == FILES
    assert not master_file(kept).exists()


async def test_what_is_damaged_and_what_is_missing_is_named(kept: Settings) -> None:
    pages = sorted((kept.objects_dir / "kept" / "objects").rglob("p/*"))
    await asyncio.to_thread(pages[0].write_bytes, b"damaged")
    await asyncio.to_thread(pages[1].unlink)
    findings, sound = await check_files(kept, quiet)
    assert sound == 1
    assert [finding.partition(" · ")[0] for finding in findings] == [
        "文件损坏或没有密钥",
        "文件缺失",
    ]


async def test_without_the_master_key_the_check_says_what_to_do(kept: Settings) -> None:
    await asyncio.to_thread(master_file(kept).unlink)
    (finding,), sound = await check_files(kept, quiet)
    assert "keys restore" in finding
    assert sound == 0


async def test_with_the_store_away_the_check_says_so(kept: Settings) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        away = replace(kept, objects_url=f"http://key:secret@127.0.0.1:{port}/bucket")
        (finding,), sound = await check_files(away, quiet)
    assert "文件存储没有应答" in finding
    assert sound == 0


async def test_of_two_master_keys_the_restored_one_is_told_to_be_in_use(
    kept: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    split(kept, shares=3, threshold=2)
    lines = capsys.readouterr().out.splitlines()
    await rotate(kept)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines[:2])))
    restore(kept)
    assert "请运行 keys rotate" in capsys.readouterr().out
    assert (await check_files(kept, quiet))[1] == FILES


async def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    nowhere = Settings(data_dir=tmp_path / "nowhere")
    with pytest.raises(NoInstallation, match="没有数据库"):
        await rotate(nowhere)
    assert not nowhere.data_dir.exists()


def test_before_the_first_file_there_is_nothing_to_split(settings: Settings) -> None:
    with pytest.raises(NoInstallation):
        split(settings, shares=5, threshold=3)
