"""One contract for every object store, in every place and with every cipher."""

import asyncio
import errno
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.kernel.ids import CaseId
from server.kernel.objects import (
    ObjectDamaged,
    ObjectMissing,
    Objects,
    ObjectStore,
    StorageFull,
    StorageUnavailable,
    is_key,
)
from server.settings import Settings
from storage.blobs import Blobs
from storage.database import Database
from storage.envelope import CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES, Suite
from storage.key_ring import CaseKeys
from storage.local_blobs import LocalBlobs
from storage.master_keys import MasterKeys
from storage.objects import SealedStore
from storage.s3 import S3Blobs
from tests.databases import Engine
from tests.fakes.clock import SetClock
from tests.objects import local_store


@pytest.fixture
def engine() -> Engine:
    """Keys are asked for alike on each; `test_key_ring` does so."""
    return Engine.SQLITE


@pytest.fixture(params=["local", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "local":
        return LocalBlobs(tmp_path / "blobs")
    return S3Blobs(request.getfixturevalue("seaweed").url)


@pytest.fixture
def keys(database: Database, tmp_path: Path) -> CaseKeys:
    return CaseKeys(database, MasterKeys(tmp_path / "master"), SetClock())


@pytest.fixture(params=tuple(Suite))
def store(request: pytest.FixtureRequest, blobs: Blobs, keys: CaseKeys) -> ObjectStore:
    return SealedStore(blobs, keys, request.param)


@pytest.fixture
def objects(store: ObjectStore, case_ids: tuple[CaseId, ...]) -> Objects:
    return store.of(case_ids[0])


async def chunked(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(objects: Objects, key: str, *, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([block async for block in objects.read(key, start=start, length=length)])


async def test_what_is_put_is_read_back_with_its_size_and_hash(objects: Objects) -> None:
    content = bytes(range(256)) * 20
    stored = await objects.put("doc/one/original", chunked(content))
    assert stored.size_bytes == await objects.size("doc/one/original") == len(content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert await read(objects, "doc/one/original") == content


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 4, b"0123"), (3, 2, b"34"), (8, 10, b"89"), (8, None, b"89"), (10, 5, b""), (20, None, b"")],
)
async def test_a_range_starts_at_its_offset_and_ends_with_the_object(
    objects: Objects, start: int, length: int | None, expected: bytes
) -> None:
    await objects.put("digits", chunked(b"0123456789"))
    assert await read(objects, "digits", start=start, length=length) == expected


async def test_putting_again_replaces_and_deleting_twice_is_well(objects: Objects) -> None:
    await objects.put("a/b", chunked(b"first"))
    await objects.put("a/b", chunked(b"second"))
    assert await read(objects, "a/b") == b"second"
    await objects.delete("a/b")
    await objects.delete("a/b")
    with pytest.raises(ObjectMissing):
        await objects.size("a/b")
    with pytest.raises(ObjectMissing):
        await read(objects, "a/b")


async def test_a_failing_source_leaves_no_object(objects: Objects) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"some"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await objects.put("half", broken())
    with pytest.raises(ObjectMissing):
        await objects.size("half")


async def test_appended_parts_become_one_object(objects: Objects) -> None:
    assert await objects.append("upload1", at=0, chunks=chunked(b"hello ")) == 6
    assert await objects.append("upload1", at=6, chunks=chunked(b"world")) == 11
    stored = await objects.seal("upload1", "doc/x", length=11)
    assert stored.sha256 == hashlib.sha256(b"hello world").hexdigest()
    assert await read(objects, "doc/x") == b"hello world"


async def test_appending_again_from_the_same_offset_drops_what_was_not_acknowledged(objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"hello WRONG AND LONGER"))
    assert await objects.append("upload1", at=6, chunks=chunked(b"world")) == 11
    await objects.seal("upload1", "doc/x", length=11)
    assert await read(objects, "doc/x") == b"hello world"


async def test_appending_beyond_the_end_is_refused(objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"abc"))
    with pytest.raises(ObjectMissing):
        await objects.append("upload1", at=4, chunks=chunked(b"e"))


async def test_sealing_twice_gives_the_same_object(objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"abc"))
    first = await objects.seal("upload1", "doc/x", length=3)
    assert await objects.seal("upload1", "doc/x", length=3) == first


async def test_sealing_goes_on_where_it_died_while_it_removed_the_parts(
    blobs: Blobs, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at, part in enumerate((b"abc", b"def", b"ghi")):
        await objects.append("upload1", at=3 * at, chunks=chunked(part))
    delete = blobs.delete

    async def die_after_it(name: str) -> None:
        await delete(name)
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(blobs, "delete", die_after_it)
        with pytest.raises(StorageUnavailable):
            await objects.seal("upload1", "whole", length=9)
    sealed = await objects.seal("upload1", "whole", length=9)
    assert (sealed.sha256, await read(objects, "whole")) == (
        hashlib.sha256(b"abcdefghi").hexdigest(),
        b"abcdefghi",
    )
    assert await blobs.named("uploads/") == ()


async def test_sealing_cuts_what_was_not_acknowledged(objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"abcdef"))
    assert (await objects.seal("upload1", "doc/x", length=3)).size_bytes == 3
    assert await read(objects, "doc/x") == b"abc"


async def test_what_a_later_part_replaced_counts_for_nothing(objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"hello WRONG AND LONGER"))
    await objects.append("upload1", at=6, chunks=chunked(b"world"))
    with pytest.raises(ObjectMissing):
        await objects.append("upload1", at=12, chunks=chunked(b"!"))
    with pytest.raises(ObjectMissing):
        await objects.seal("upload1", "doc/x", length=12)


async def test_a_discarded_upload_is_gone(store: ObjectStore, objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"abc"))
    await store.discard("upload1")
    await store.discard("upload1")
    with pytest.raises(ObjectMissing):
        await objects.append("upload1", at=3, chunks=chunked(b"d"))


async def test_an_object_is_lent_as_a_file(objects: Objects) -> None:
    await objects.put("doc/x", chunked(b"abc"))
    async with objects.as_file("doc/x") as path:
        assert await asyncio.to_thread(path.read_bytes) == b"abc"


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "../a", "a/../b", "a//b", ".a", "A", "a b", "a\n", "x" * 201]
)
async def test_a_key_that_could_leave_the_store_is_refused(objects: Objects, key: str) -> None:
    assert not is_key(key)
    with pytest.raises(ValueError, match="not an object key"):
        await objects.size(key)


Altered = Callable[[bytes], bytes]
"""What somebody does to a stored object."""

LONG = bytes(range(251)) * 5000
"""Of more than one run of chunks, and no whole number of them."""


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, None),
        (CHUNK_BYTES - 1, 2),
        (CHUNK_BYTES, CHUNK_BYTES),
        (3 * CHUNK_BYTES + 5, 17 * CHUNK_BYTES),
        (len(LONG) - 1, 9),
        (len(LONG), 1),
    ],
)
async def test_a_range_may_lie_across_chunks(objects: Objects, start: int, length: int | None) -> None:
    await objects.put("long", chunked(LONG, 99_991))
    end = None if length is None else start + length
    assert await read(objects, "long", start=start, length=length) == LONG[start:end]
    assert await objects.size("long") == len(LONG)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 16 * CHUNK_BYTES])
async def test_any_size_comes_back(objects: Objects, size: int) -> None:
    await objects.put("sized", chunked(LONG[:size], 50_000))
    assert await read(objects, "sized") == LONG[:size]
    assert await objects.size("sized") == size


async def test_a_lent_file_has_no_name_that_a_crash_could_leave(objects: Objects) -> None:
    await objects.put("doc/x", chunked(b"abc"))
    async with objects.as_file("doc/x") as path:
        assert "(deleted)" in str(await asyncio.to_thread(path.readlink))


async def stored(blobs: Blobs, name: str) -> bytes:
    blocks = blobs.read(name, start=0, length=await blobs.size(name))
    return b"".join([block async for block in blocks])


async def test_nothing_of_what_is_put_can_be_read_where_it_lies(blobs: Blobs, objects: Objects) -> None:
    secret = "刑讯逼供的线索".encode() * 20
    await objects.put("doc/x", chunked(secret, 1000))
    await objects.append("upload1", at=0, chunks=chunked(secret, 1000))
    kept = (*await blobs.named("objects/"), *await blobs.named("uploads/"))
    assert len(kept) == 2
    for blob in kept:
        assert secret[:21] not in await stored(blobs, blob.name)


async def test_the_same_content_never_looks_the_same(blobs: Blobs, objects: Objects) -> None:
    for key in ("a", "b"):
        await objects.put(key, chunked(b"same"))
    first, second = await stored(blobs, "objects/a"), await stored(blobs, "objects/b")
    assert first[HEADER_BYTES:] != second[HEADER_BYTES:]


async def test_another_case_cannot_read_it(
    store: ObjectStore, objects: Objects, case_ids: tuple[CaseId, ...]
) -> None:
    await objects.put("doc/x", chunked(b"abc"))
    with pytest.raises(ObjectDamaged):
        await read(store.of(case_ids[1]), "doc/x")


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]


THREE = LONG[: 2 * CHUNK_BYTES + 10]
SECOND, THIRD = HEADER_BYTES + SEALED_CHUNK_BYTES, HEADER_BYTES + 2 * SEALED_CHUNK_BYTES


@pytest.mark.parametrize(
    "altered",
    [
        pytest.param(lambda kept: flipped(kept, 0), id="magic"),
        pytest.param(lambda kept: flipped(kept, 3), id="version"),
        pytest.param(lambda kept: flipped(kept, 10), id="case key"),
        pytest.param(lambda kept: flipped(kept, 30), id="suite"),
        pytest.param(lambda kept: flipped(kept, HEADER_BYTES - 1), id="wrapped key"),
        pytest.param(lambda kept: flipped(kept, HEADER_BYTES), id="first chunk"),
        pytest.param(lambda kept: flipped(kept, len(kept) - 1), id="last tag"),
        pytest.param(lambda kept: kept[:-1], id="cut by a byte"),
        pytest.param(lambda kept: kept[:THIRD], id="cut by a chunk"),
        pytest.param(lambda kept: kept[:HEADER_BYTES], id="cut to the header"),
        pytest.param(lambda kept: kept[:9], id="cut to nearly nothing"),
        pytest.param(lambda kept: kept + bytes(16), id="longer"),
        pytest.param(
            lambda kept: kept[:HEADER_BYTES] + kept[SECOND:THIRD] + kept[HEADER_BYTES:SECOND] + kept[THIRD:],
            id="chunks changed places",
        ),
        pytest.param(lambda _kept: b"never encrypted " * 20, id="in the clear"),
    ],
)
async def test_whatever_is_altered_is_found(
    tmp_path: Path, keys: CaseKeys, case_ids: tuple[CaseId, ...], altered: Altered
) -> None:
    blobs = LocalBlobs(tmp_path)
    objects = SealedStore(blobs, keys).of(case_ids[0])
    await objects.put("three", chunked(THREE, 50_000))
    await blobs.put("objects/three", chunked(altered(await stored(blobs, "objects/three")), 50_000))
    with pytest.raises(ObjectDamaged):
        await read(objects, "three")


async def test_an_object_in_the_place_of_another_is_found(blobs: Blobs, objects: Objects) -> None:
    await objects.put("a", chunked(b"confession"))
    await objects.put("b", chunked(b"alibi"))
    await blobs.put("objects/b", chunked(await stored(blobs, "objects/a"), 1000))
    with pytest.raises(ObjectDamaged):
        await read(objects, "b")


async def test_a_full_disk_is_named_and_keeps_what_was_acknowledged(
    tmp_path: Path, keys: CaseKeys, case_ids: tuple[CaseId, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = SealedStore(LocalBlobs(tmp_path), keys).of(case_ids[0])
    await objects.append("upload1", at=0, chunks=chunked(b"abc"))

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(StorageFull):
            await objects.append("upload1", at=3, chunks=chunked(b"def"))
    assert await objects.append("upload1", at=3, chunks=chunked(b"def")) == 6


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_an_object_store_that_answers_with_nothing_is_away(host: str) -> None:
    async def nothing(request: web.Request) -> web.Response:
        return web.Response(text="<LocationConstraint/>" if "location" in request.query else "")

    app = web.Application()
    app.router.add_get("/{path:.*}", nothing)
    async with TestServer(app, host=host.strip("[]")) as server, asyncio.timeout(20):
        blobs = S3Blobs(f"http://key:secret@{host}:{server.port}/bucket")
        with pytest.raises(StorageUnavailable):
            await stored_bytes(blobs)


async def stored_bytes(blobs: Blobs) -> bytes:
    return b"".join([block async for block in blobs.read("objects/a", start=0, length=3)])


async def test_a_full_disk_below_what_is_on_its_way_to_the_store_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", full)
    with pytest.raises(StorageFull):
        await S3Blobs("http://key:secret@127.0.0.1:9/bucket").put("objects/a", chunked(b"abc"))


WRITER = """
import asyncio, sys
from pathlib import Path
from server.settings import Settings
from server.ground import Ground
from server.kernel.clock import SystemClock

async def main():
    ground = Ground(Settings(data_dir=Path(sys.argv[1])), SystemClock())
    objects, at, number = ground.objects.of(sys.argv[2]), 0, 0
    async def one(block):
        yield block
    while True:
        at = await objects.append("upload1", at=at, chunks=one(bytes([number % 251]) * 4096))
        await objects.put(f"page/{number}", one(bytes([number % 251]) * 64))
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 7, 20])
async def test_what_was_acknowledged_survives_kill_9(
    tmp_path: Path, database: Database, case_ids: tuple[CaseId, ...], after: int
) -> None:
    with subprocess.Popen(  # noqa: ASYNC220 - our own script; the test waits for it
        [sys.executable, "-c", WRITER, str(tmp_path), case_ids[0]], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout]
    objects = local_store(Settings(data_dir=tmp_path), database).of(case_ids[0])
    last = acknowledged[-1]
    assert await objects.append("upload1", at=(last + 1) * 4096, chunks=chunked(b"")) == (last + 1) * 4096
    await objects.seal("upload1", "whole", length=(last + 1) * 4096)
    whole = await read(objects, "whole")
    for number in acknowledged:
        assert whole[number * 4096 : (number + 1) * 4096] == bytes([number % 251]) * 4096
        assert await read(objects, f"page/{number}") == bytes([number % 251]) * 64


async def test_what_a_kill_cut_short_is_cleared_away_once_it_is_old(tmp_path: Path) -> None:
    LocalBlobs(tmp_path)
    for name, age_s in (("cut-short", 2 * 86_400), ("of-today", 60)):
        draft = tmp_path / "drafts" / name
        draft.touch()
        os.utime(draft, times=(time.time() - age_s,) * 2)
    LocalBlobs(tmp_path)
    assert [path.name for path in (tmp_path / "drafts").iterdir()] == ["of-today"]


async def test_only_what_was_begun_and_left_alone_is_unfinished(store: ObjectStore, objects: Objects) -> None:
    for upload in ("left", "sealed", "discarded"):
        await objects.append(upload, at=0, chunks=chunked(b"abc"))
    await objects.seal("sealed", "kept", length=3)
    await store.discard("discarded")
    assert await store.unfinished(untouched_s=0) == ("left",)
    assert await store.unfinished(untouched_s=3600) == ()
