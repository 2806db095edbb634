"""One contract for every object store."""

import asyncio
import errno
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.kernel.objects import ObjectMissing, Objects, StorageFull, is_key
from storage.objects import LocalObjects
from storage.s3 import S3Objects


@pytest.fixture(params=["local", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "local":
        return LocalObjects(tmp_path)
    return S3Objects(request.getfixturevalue("seaweed").url)


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


async def test_sealing_cuts_what_was_not_acknowledged(objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"abcdef"))
    assert (await objects.seal("upload1", "doc/x", length=3)).size_bytes == 3
    assert await read(objects, "doc/x") == b"abc"


async def test_a_discarded_upload_is_gone(objects: Objects) -> None:
    await objects.append("upload1", at=0, chunks=chunked(b"abc"))
    await objects.discard("upload1")
    await objects.discard("upload1")
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


async def test_a_full_disk_is_named_and_keeps_what_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = LocalObjects(tmp_path)
    await objects.append("upload1", at=0, chunks=chunked(b"abc"))

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(StorageFull):
            await objects.append("upload1", at=3, chunks=chunked(b"def"))
    assert await objects.append("upload1", at=3, chunks=chunked(b"def")) == 6


WRITER = """
import asyncio, sys
from pathlib import Path
from storage.objects import LocalObjects
from storage.s3 import S3Objects

async def main():
    objects, at, number = LocalObjects(Path(sys.argv[1])), 0, 0
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
async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, after: int) -> None:
    with subprocess.Popen(  # noqa: ASYNC220 - our own script; the test waits for it
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout]
    objects = LocalObjects(tmp_path)
    last = acknowledged[-1]
    assert await objects.append("upload1", at=(last + 1) * 4096, chunks=chunked(b"")) == (last + 1) * 4096
    await objects.seal("upload1", "whole", length=(last + 1) * 4096)
    whole = await read(objects, "whole")
    for number in acknowledged:
        assert whole[number * 4096 : (number + 1) * 4096] == bytes([number % 251]) * 4096
        assert await read(objects, f"page/{number}") == bytes([number % 251]) * 64


async def test_only_what_was_begun_and_left_alone_is_unfinished(objects: Objects) -> None:
    for upload in ("left", "sealed", "discarded"):
        await objects.append(upload, at=0, chunks=chunked(b"abc"))
    await objects.seal("sealed", "kept", length=3)
    await objects.discard("discarded")
    assert await objects.unfinished(untouched_s=0) == ("left",)
    assert await objects.unfinished(untouched_s=3600) == ()
