import os
from pathlib import Path

import pytest

from server.audit.heads import SignedTreeHead, TreeHead, signed_head_from
from storage.head_files import LONGEST_LINE_BYTES, HeadFiles
from tests.storage.logs import EXPORTED_MS, HEAD_KEY

DAY_MS = 86_400_000


def head(*, day: int = 0, size: int = 1) -> SignedTreeHead:
    return HEAD_KEY.sign(TreeHead(timestamp=EXPORTED_MS + day * DAY_MS, tree_size=size, root_hash=bytes(32)))


def read(files: HeadFiles) -> list[tuple[str, SignedTreeHead]]:
    return [(place, signed_head_from(line)) for place, line in files.lines()]


def test_heads_are_kept_in_a_file_for_each_day(tmp_path: Path) -> None:
    files = HeadFiles(tmp_path / "second" / "place")
    assert read(files) == []
    assert files.newest() is None
    former = os.umask(0o077)
    exported = [head(), head(size=2), head(day=1, size=3)]
    for each in exported:
        files.append(each)
    os.umask(former)
    assert {path.stat().st_mode & 0o777 for path in files.folder.iterdir()} == {0o644}, "others may keep them"
    places = ["2026-09-21.jsonl:1", "2026-09-21.jsonl:2", "2026-09-22.jsonl:1"]
    assert read(files) == list(zip(places, exported, strict=True))
    assert files.newest() == exported[-1]


def test_the_newest_head_is_found_though_the_clock_was_set_back_over_midnight(tmp_path: Path) -> None:
    files = HeadFiles(tmp_path)
    for each in (head(day=1, size=4), head(size=5)):
        files.append(each)
    assert files.newest() == head(size=5)


@pytest.mark.parametrize("kept_bytes", [0, 1, 200])
def test_what_a_power_cut_left_of_a_line_counts_as_none_and_gives_way(
    tmp_path: Path, kept_bytes: int
) -> None:
    files = HeadFiles(tmp_path)
    files.append(head())
    with (tmp_path / "2026-09-21.jsonl").open("ab") as file:
        file.write(head(size=2).line.encode()[:kept_bytes])
    assert [signed.head.tree_size for _, signed in read(files)] == [1]
    assert files.newest() == head()
    files.append(head(size=3))
    assert [signed.head.tree_size for _, signed in read(files)] == [1, 3]


def test_a_file_without_lines_is_read_in_bounded_pieces(tmp_path: Path) -> None:
    (tmp_path / "2026-09-21.jsonl").write_bytes(bytes(3 * LONGEST_LINE_BYTES))
    assert {len(line) for _, line in HeadFiles(tmp_path).lines()} == {LONGEST_LINE_BYTES}
