"""The disk's bookkeeping: what programs see, and what of it comes back."""

import stat
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.disk.tree import SECTOR_BYTES, File, Folder, Tree

LONGEST = 20_000
STEPS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, LONGEST), st.binary(min_size=1, max_size=9000)),
    st.tuples(st.just("resize"), st.integers(0, LONGEST), st.just(b"")),
    st.tuples(st.just("sync"), st.just(0), st.just(b"")),
)


def file_in(tree: Tree, folder: Folder, name: bytes) -> File:
    made = tree.make(folder, name, stat.S_IFREG | 0o600, (0, 0))
    assert isinstance(made, File)
    return made


def folder_in(tree: Tree, folder: Folder, name: bytes) -> Folder:
    made = tree.make(folder, name, stat.S_IFDIR | 0o700, (0, 0))
    assert isinstance(made, Folder)
    return made


def sectors(content: bytes) -> list[bytes]:
    padded = content.ljust(2 * LONGEST, b"\0")
    return [padded[at : at + SECTOR_BYTES] for at in range(0, len(padded), SECTOR_BYTES)]


@given(st.lists(STEPS, max_size=12), st.sampled_from([0.0, 0.5, 1.0]), st.randoms(use_true_random=False))
def test_a_file_comes_back_as_it_was_synced_but_for_sectors_written_since(
    steps: list[tuple[str, int, bytes]], odds: float, dice: Random
) -> None:
    tree = Tree(1 << 20)
    file = file_in(tree, tree.root, b"a")
    tree.sync_folder(tree.root)
    content, synced, versions = bytearray(), b"", {b""}
    for step, at, written in steps:
        if step == "write":
            content.extend(bytes(max(0, at - len(content))))
            content[at : at + len(written)] = written
            tree.reserve(file, at, len(written))
            file.write(at, memoryview(written))
        elif step == "resize":
            content = content[:at] + bytes(max(0, at - len(content)))
            tree.resize(file, at)
        else:
            file.sync()
            synced, versions = bytes(content), set()
        versions.add(bytes(content))
        assert file.read(0, 2 * LONGEST) == content
        assert tree.used == len(file.pages)
    tree.lose_power(lambda: dice.random() < odds)
    found = file.read(0, 2 * LONGEST)
    if odds in {0.0, 1.0}:
        assert found == (content if odds else synced)
    assert len(found) in {len(content), len(synced)}
    allowed = zip(sectors(synced), sectors(bytes(content)), strict=True)
    for number, (former, latter) in enumerate(allowed):
        sector = found[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES]
        assert sector in {former[: len(sector)], latter[: len(sector)]}


@given(st.randoms(use_true_random=False))
def test_a_rename_happens_in_both_its_folders_or_in_none(dice: Random) -> None:
    tree = Tree(1 << 20)
    one, other = folder_in(tree, tree.root, b"one"), folder_in(tree, tree.root, b"other")
    moved = file_in(tree, one, b"a")
    for folder in (tree.root, one):
        tree.sync_folder(folder)
    tree.move(one, b"a", other, b"b")
    tree.lose_power(lambda: dice.random() < 0.5)
    assert [one.names.get(b"a"), other.names.get(b"b")].count(moved) == 1
    assert moved.links == 1


def test_a_folder_whose_name_was_not_synced_is_gone_with_all_that_was_synced_in_it() -> None:
    tree = Tree(1 << 20)
    folder = folder_in(tree, tree.root, b"keys")
    file = file_in(tree, folder, b"a")
    file.write(0, memoryview(b"secret"))
    file.sync()
    tree.sync_folder(folder)
    tree.lose_power(lambda: False)
    assert (tree.root.names, tree.used) == ({}, 0)


def test_what_was_removed_without_a_sync_comes_back_as_it_was_synced() -> None:
    tree = Tree(1 << 20)
    file = file_in(tree, tree.root, b"a")
    tree.reserve(file, 0, 5)
    file.write(0, memoryview(b"synced"))
    file.sync()
    tree.sync_folder(tree.root)
    file.write(0, memoryview(b"longer than it was"))
    tree.remove(tree.root, b"a")
    assert tree.used == 0
    tree.lose_power(lambda: False)
    assert file.read(0, 100) == b"synced"


def test_what_is_open_keeps_its_room_until_it_is_closed() -> None:
    tree = Tree(1 << 20)
    file = file_in(tree, tree.root, b"a")
    file.opened = 1
    tree.reserve(file, 0, 5000)
    tree.remove(tree.root, b"a")
    assert tree.used == 2
    tree.close(file)
    assert tree.used == 0
