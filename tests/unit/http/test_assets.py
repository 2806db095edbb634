import json
from pathlib import Path

from server.http.pages import Assets


def built(folder: Path, **files: str) -> Assets:
    (folder / ".vite").mkdir(parents=True)
    manifest = {source: {"file": file} for source, file in files.items()}
    (folder / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    return Assets(folder)


def test_a_build_is_named_by_its_files(tmp_path: Path) -> None:
    first = built(tmp_path / "a", main="assets/main-1.js", style="assets/main-1.css")
    again = built(tmp_path / "b", style="assets/main-1.css", main="assets/main-1.js")
    other = built(tmp_path / "c", main="assets/main-2.js", style="assets/main-1.css")
    assert first.build == again.build != other.build
    assert first.url("main") == "/static/assets/main-1.js"


def test_without_a_build_none_is_named(tmp_path: Path) -> None:
    nothing = Assets(tmp_path)
    assert (nothing.build, nothing.url("src/mount.ts")) == ("", "/static/src/mount.ts")
