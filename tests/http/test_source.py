import io
import tarfile
from pathlib import Path

from server.http.source import ROOT, pack
from tests.http.conftest import Browser


def test_the_archive_holds_the_source_and_nothing_built_or_private(tmp_path: Path) -> None:
    for name in (
        "run.py",
        "server/app.py",
        "web/node_modules/x.js",
        "web/dist/y.js",
        "data/lianbian.db",
        "deploy/.env",
        "deploy/compose.override.yaml",
        "deploy/Caddyfile",
        "keys.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    with tarfile.open(fileobj=io.BytesIO(pack(tmp_path))) as archive:
        files = {entry.name for entry in archive if entry.isfile()}
        owners = {entry.uname for entry in archive}
    assert files == {"lianbian/run.py", "lianbian/deploy/Caddyfile", "lianbian/server/app.py"}
    assert owners == {""}


def test_every_file_by_which_it_is_deployed_is_in_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(ROOT))) as archive:
        offered = {name.removeprefix("lianbian/") for name in archive.getnames()}
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "deploy").rglob("*") if path.is_file()}
    assert ours <= offered


async def test_anybody_gets_the_running_source(anonymous: Browser) -> None:
    answer = await anonymous.get("/source.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(await answer.read())) as archive:
        assert "lianbian/server/http/source.py" in archive.getnames()
