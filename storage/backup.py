"""A backup in a folder: database, encrypted files, tree heads; made while the platform serves, without keys.

Its manifest is written last: a folder without one is no backup. It holds the hash of each file, and is
signed with the heads' key; and a head of the audit log, signed when the backup began, stands among the heads.
A restore is whole if the signature and every hash hold, and the log has that head's tree in it.

The database comes first and the files after it: none that it names is missing, because files are never
changed, and are removed only with what names them. A second backup into the same folder copies what is new,
and looks at a share of the former files each day, so that none goes bad unseen.
"""

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from server.audit.heads import HeadKey, HeadRefused, TreeHead
from server.kernel.clock import Clock, microseconds_of
from server.kernel.objects import ObjectMissing
from storage.blobs import BLOCK_BYTES, Blobs
from storage.database import Database
from storage.dumps import BackupRefused, dump, is_there, load
from storage.files import make_folder, sync, write_whole
from storage.head_files import HeadFiles
from storage.migrate import newest_step
from storage.objects import OBJECTS, UPLOADS

_MANIFEST, _SIGNATURE = "manifest.json", "manifest.sig"
_PREFIXES = (OBJECTS, UPLOADS)
_FORMAT = 2
_HASHED_WITHIN = 16
"""In how many days, backing up daily, each file that never changes is held against its hash once."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the backup, named from its folder on."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup has in it."""

    format: int
    step: str
    """The schema's newest migration."""
    made_at_us: int
    entries: int
    """How long the audit log was when the backup began; the database may hold some more."""
    files: tuple[Kept, ...]

    def size_bytes(self) -> int:
        """Return how large all of it is."""
        return sum(each.size_bytes for each in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What is backed up, and restored into."""

    url: str
    database: Database
    blobs: Blobs
    heads: HeadFiles
    head_key: HeadKey
    clock: Clock


async def back_up(installed: Installed, folder: Path, progress: Progress) -> Manifest:
    """Make a backup in `folder`, or bring the one that is there up to date.

    Raises:
        BackupRefused: PostgreSQL's `pg_dump` is missing or failed, or another backup is made there.
        DatabaseUnavailable, StorageUnavailable: what is backed up does not answer.
    """
    await asyncio.to_thread(make_folder, folder, mode=0o700)
    with _alone_in(folder):
        return await _back_up(installed, folder, progress)


async def _back_up(installed: Installed, folder: Path, progress: Progress) -> Manifest:
    today = installed.clock.now().toordinal()
    former = await asyncio.to_thread(_begun, folder, installed.head_key)
    entries = await _sign_head(installed, folder)
    await asyncio.to_thread(dump, installed.url, folder)
    due = {name: each for name, each in former.items() if int(each.sha256[0], 16) == today % _HASHED_WITHIN}
    await _copy_blobs(installed.blobs, folder, due, progress)
    undoubted = {name: each for name, each in former.items() if name not in due}
    files = await asyncio.to_thread(lambda: tuple(_hashed(folder, undoubted)))
    manifest = Manifest(
        format=_FORMAT,
        step=newest_step(),
        made_at_us=microseconds_of(installed.clock.now()),
        entries=entries,
        files=files,
    )
    told = json.dumps(asdict(manifest)).encode()
    await asyncio.to_thread(write_whole, folder / _SIGNATURE, installed.head_key.sign_text(told))
    await asyncio.to_thread(write_whole, folder / _MANIFEST, told)
    return manifest


async def restore(installed: Installed, folder: Path, progress: Progress) -> Manifest:
    """Put a backup where nothing is yet; whether it is whole, is then `check`'s to say.

    Raises:
        BackupRefused: it is no backup, was altered, is of another version, or something is there already.
    """
    manifest = await asyncio.to_thread(_read, folder, installed.head_key)
    if manifest.step != newest_step():
        message = f"备份来自另一版本，请用同一版本恢复 · the backup is of another version: {manifest.step}"
        raise BackupRefused(message)
    for number, each in enumerate(manifest.files, 1):
        await asyncio.to_thread(_verify, folder, each)
        progress(number, len(manifest.files))
    if await asyncio.to_thread(is_there, installed.url):
        message = "目标已有数据库，不会覆盖 · there is a database already, which is not overwritten"
        raise BackupRefused(message)
    for each in manifest.files:
        if each.name.startswith(_PREFIXES):
            await installed.blobs.put(each.name, _blocks(folder / each.name))
    if not installed.heads.folder.exists():
        await asyncio.to_thread(_copy_heads, folder / "heads", installed.heads.folder)
    await asyncio.to_thread(load, installed.url, folder)
    return manifest


async def _sign_head(installed: Installed, folder: Path) -> int:
    """Copy the heads and add one of now; return how many entries it is over."""
    if installed.heads.folder.exists():
        await asyncio.to_thread(_copy_heads, installed.heads.folder, folder / "heads")
    async with installed.database.reading() as tx:
        tree = await tx.log.frontier()
    head = TreeHead(
        timestamp=microseconds_of(installed.clock.now()) // 1000, tree_size=tree.size, root_hash=tree.root
    )
    await asyncio.to_thread(HeadFiles(folder / "heads").append, installed.head_key.sign(head))
    return tree.size


def _copy_heads(source: Path, target: Path) -> None:
    make_folder(target, mode=0o755)
    for path in source.glob("*.jsonl"):
        write_whole(target / path.name, path.read_bytes())


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder: of two backups at once each would take the other's drafts for its own."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"另一个备份正在写入这里 · another backup is being made there: {folder}"
            raise BackupRefused(message) from None
        yield
    finally:
        os.close(descriptor)


async def _copy_blobs(blobs: Blobs, folder: Path, due: dict[str, Kept], progress: Progress) -> None:
    """Copy what is new, and anew what is `due` to be looked at and has gone bad."""
    found = [each for prefix in _PREFIXES for each in await blobs.named(prefix)]
    kept = {each.name for each in found}
    for prefix in _PREFIXES:
        for path in (folder / prefix).rglob("*"):
            if path.is_file() and path.relative_to(folder).as_posix() not in kept:
                path.unlink()
    for number, blob in enumerate(found, 1):
        place = folder / blob.name
        known = due.get(blob.name)
        is_there = place.exists() and place.stat().st_size == blob.size_bytes
        if not is_there or (known and await asyncio.to_thread(_sha256, place) != known.sha256):
            make_folder(place.parent)
            try:
                content = blobs.read(blob.name, start=0, length=blob.size_bytes)
                await _store(place, content)
            except ObjectMissing:
                place.unlink(missing_ok=True)  # removed meanwhile, with what named it
        progress(number, len(found))


async def _store(place: Path, content: AsyncIterator[bytes]) -> None:
    """Write a file whole or not at all: the next backup takes what is there for what it wrote."""
    draft = place.with_name(f"{place.name}.draft")
    try:
        with draft.open("wb") as file:
            async for block in content:
                await asyncio.to_thread(file.write, block)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        draft.replace(place)
        await asyncio.to_thread(sync, place.parent)
    finally:
        draft.unlink(missing_ok=True)


def _hashed(folder: Path, former: dict[str, Kept]) -> Iterator[Kept]:
    """Yield each file with its hash; of one that never changes, that which an earlier backup knows."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name in {_MANIFEST, _SIGNATURE}:
            continue
        size, known = path.stat().st_size, former.get(name)
        if known is not None and known.size_bytes == size and name.startswith(OBJECTS):
            yield known
        else:
            yield Kept(name, size, _sha256(path))


def _verify(folder: Path, each: Kept) -> None:
    path = folder / each.name
    if not path.is_file() or path.stat().st_size != each.size_bytes or _sha256(path) != each.sha256:
        raise BackupRefused(f"备份缺少或被改动的文件 · missing from the backup, or altered: {each.name}")


def _begun(folder: Path, head_key: HeadKey) -> dict[str, Kept]:
    """Make the folder no backup until the new one is whole; return the files of the one that it was."""
    try:
        former = _read(folder, head_key).files
    except BackupRefused:
        former = ()
    (folder / _MANIFEST).unlink(missing_ok=True)
    return {each.name: each for each in former}


def _read(folder: Path, head_key: HeadKey) -> Manifest:
    try:
        content = (folder / _MANIFEST).read_bytes()
        head_key.verify_text(content, (folder / _SIGNATURE).read_bytes())
        told = json.loads(content)
        files = tuple(Kept(**each) for each in told.pop("files"))
        manifest = Manifest(files=files, **told)
    except HeadRefused:
        message = f"清单没有用 heads.key 签名 · the manifest was not signed with heads.key: {folder}"
        raise BackupRefused(message) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise BackupRefused(f"不是完整的备份 · no whole backup: {folder}") from None
    if manifest.format != _FORMAT or any(".." in Path(each.name).parts for each in manifest.files):
        raise BackupRefused(f"不是完整的备份 · no whole backup: {folder}")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
            yield block
