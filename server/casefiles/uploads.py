"""Files on their way in: created, grown by acknowledged bytes, finished into dossiers, or taken back.

Bytes are durable before their offset is stored, and the offset is stored before it is told: what a client
was told survives `kill -9`. Bytes beyond the stored offset were never acknowledged and are overwritten.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import structlog

from server.casefiles import tus
from server.casefiles.model import Dossier, DossierReceived, DossierStatus, Upload
from server.casefiles.ports import CaseFilesTx
from server.casefiles.service import find_case_with_files
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind, NotFound
from server.kernel.events import Job
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, CaseId, DossierId, UploadId, new_id
from server.kernel.objects import ObjectStore, StorageFull, StorageUnavailable
from server.kernel.permissions import Action
from server.kernel.transaction import Turns, Units

log = structlog.get_logger()

MAX_BYTES = 2 << 30
"""A volume of 500 pages in colour at 300 dpi has about 400 MB."""
UNFINISHED_MOST = 5
"""Uploads that one person may have under way at once."""
UNFINISHED_BYTES_MOST = 8 << 30
"""What their announced lengths may add up to."""
KEPT_FOR = timedelta(days=7)
"""How long an upload to which nothing comes is kept."""
FINISH_EVERY_S = 60.0
"""How often uploads that were left whole are looked for."""
SPLIT_DOSSIER = "split_dossier"
"""Name of the job that splits off a dossier's pages."""


class HashMismatch(DomainError):
    """The file that arrived is not the one that its sender vouched for; it was not kept."""

    code: ClassVar[str] = "hash-mismatch"
    title: ClassVar[str] = N_("文件与送卷单位给出的校验值不一致")
    advice: ClassVar[str] = N_(
        "收到的文件 SHA-256 为 {actual}，应为 {expected}。文件没有保存。"
        "请核对校验值，或重新拷贝原件后再上传。"
    )


class TooManyUploads(DomainError):
    """The person has as many unfinished uploads, or as many bytes of them, as one may have."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "too-many-uploads"
    title: ClassVar[str] = N_("没有传完的文件太多")
    advice: ClassVar[str] = N_(
        "一个人同时最多 {most} 个、共 {most_gb} GB。请在卷宗页把列出的文件接着传完或放弃，再传新的。"
    )


class UploadBusy(DomainError):
    """An earlier request still writes to the upload, on another node."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "upload-busy"
    title: ClassVar[str] = N_("上一次连接还没有断开")
    advice: ClassVar[str] = N_("已上传的部分都在。页面会自动重试，请不要关闭；一分钟后仍不行，请重选文件。")


@dataclass(frozen=True, slots=True)
class _Turn:
    """Who writes to an upload now."""

    stop: Callable[[], None]
    ended: asyncio.Event


class Uploads:
    """Takes files in."""

    def __init__(
        self,
        *,
        units: Units[CaseFilesTx],
        turns: Turns,
        objects: ObjectStore,
        clock: Clock,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Keep where records and bytes go."""
        self._units = units
        self._alone = turns.alone
        self._objects = objects
        self._clock = clock
        self._turns: dict[UploadId, _Turn] = {}
        self._appending: set[asyncio.Task[Upload]] = set()
        self.max_bytes = max_bytes

    async def create(self, case_id: CaseId, creation: tus.Creation, identity: Identity) -> Upload:
        """Begin an upload into the case.

        Raises:
            NotFound: the case is none of theirs.
            NotAllowed: it is theirs, but they may not add dossiers.
            FileClosedDuringInvestigation: nobody may yet.
            TooManyUploads: others have to be finished or taken back first.
        """
        now = self._clock.now()
        upload = Upload(
            id=UploadId(new_id()),
            case_id=case_id,
            account_id=identity.account_id or AccountId(""),
            title=creation.title,
            filename=creation.filename,
            length_bytes=creation.length_bytes,
            offset=0,
            expected_sha256=creation.sha256,
            created_at=now,
            expires_at=now + KEPT_FOR,
        )
        async with self._units.transaction() as tx:
            await find_case_with_files(case_id, identity, Action.ADD_DOSSIER, tx)
            _check_room(upload, await tx.casefiles.unfinished_uploads(upload.account_id))
            await tx.casefiles.add_upload(upload)
        try:
            await self._objects.of(case_id).append(upload.id, at=0, chunks=_no_bytes())
        except (StorageUnavailable, StorageFull):
            # Nobody is told of it, and a few of them would keep its sender from beginning another.
            async with self._units.transaction() as tx:
                await tx.casefiles.remove_upload(upload.id)
            raise
        return await self._finished(upload) if _whole(upload) else upload

    async def state(self, case_id: CaseId, upload_id: UploadId, identity: Identity) -> Upload:
        """Return the upload with its acknowledged offset; whoever still writes to it is stopped first.

        Raises:
            NotFound: it is none of theirs, or was taken back.
            HashMismatch: it was whole, but not what its sender vouched for.
        """
        async with self._turn(upload_id, _nothing):
            upload = await self._find(case_id, upload_id, identity)
            return await self._finished(upload) if _whole(upload) else upload

    async def append(  # noqa: PLR0913 - what, where, from whom
        self,
        case_id: CaseId,
        upload_id: UploadId,
        patch: tus.Patch,
        chunks: AsyncIterable[bytes],
        identity: Identity,
        *,
        stop: Callable[[], None],
    ) -> Upload:
        """Add what arrives; a body that breaks off keeps what came of it, even if its request is cancelled.

        Args:
            case_id: the case to which it was created.
            upload_id: the upload.
            patch: the request's headers.
            chunks: its body; ends early when the connection is lost.
            identity: who sends.
            stop: ends `chunks`, for when a newer request takes over.

        Raises:
            NotFound: the upload is none of theirs, or the case no longer is: what came now is not kept.
            UploadOffsetConflict: it stands elsewhere.
            UploadTooLarge: more bytes come than were announced.
            UploadChecksumMismatch: the body is damaged; none of it was kept.
            HashMismatch: the whole file is not what its sender vouched for.
        """
        appending = asyncio.create_task(
            self._append(case_id, upload_id, patch, chunks, identity, stop=stop), name=f"upload-{upload_id}"
        )
        self._appending.add(appending)
        appending.add_done_callback(self._appending.discard)
        return await asyncio.shield(appending)

    async def stop(self) -> None:
        """Stop whoever writes, and wait until what came is stored."""
        for turn in tuple(self._turns.values()):
            turn.stop()
        await asyncio.gather(*self._appending, return_exceptions=True)

    async def _append(  # noqa: PLR0913 - see `append`
        self,
        case_id: CaseId,
        upload_id: UploadId,
        patch: tus.Patch,
        chunks: AsyncIterable[bytes],
        identity: Identity,
        *,
        stop: Callable[[], None],
    ) -> Upload:
        async with self._turn(upload_id, stop):
            upload = await self._find(case_id, upload_id, identity)
            tus.check_fits(patch, offset=upload.offset, length_bytes=upload.length_bytes)
            if upload.offset == upload.length_bytes:
                # Its bytes may already be the dossier's; a draft begun here would stand in their place.
                return await self._finished(upload) if _whole(upload) else upload
            body = _Body(chunks, room_bytes=upload.length_bytes - upload.offset, checksum=patch.checksum)
            offset = await self._objects.of(case_id).append(
                upload_id, at=upload.offset, chunks=body.bounded()
            )
            if body.overflowed:
                raise tus.UploadTooLarge(max_mb=max(1, upload.length_bytes >> 20))
            if not body.sound:
                raise tus.UploadChecksumMismatch
            upload = replace(upload, offset=offset, expires_at=self._clock.now() + KEPT_FOR)
            async with self._units.transaction() as tx:
                # Much may have happened while the body came.
                await find_case_with_files(case_id, identity, Action.ADD_DOSSIER, tx)
                await tx.casefiles.save_upload(upload)
            return await self._finished(upload) if _whole(upload) else upload

    async def take_back(self, case_id: CaseId, upload_id: UploadId, identity: Identity) -> None:
        """Forget an unfinished upload and its bytes.

        Raises:
            NotFound: it is none of theirs, or is a dossier already.
        """
        async with self._turn(upload_id, _nothing):
            upload = await self._find(case_id, upload_id, identity)
            if upload.dossier_id is not None:
                raise NotFound
            await self._forget(upload)

    async def forget_if_expired(self, upload_id: UploadId) -> None:
        """Forget an upload to which nothing came for too long; asked while nobody writes to it."""
        async with self._turn(upload_id, _nothing):
            async with self._units.reading() as tx:
                upload = await tx.casefiles.upload(upload_id)
            if upload is None or upload.dossier_id is not None or upload.expires_at > self._clock.now():
                return
            await self._forget(upload)

    async def _forget(self, upload: Upload) -> None:
        """Forget an upload that is no dossier; first what was joined of it, for which nothing looks later."""
        await self._objects.of(upload.case_id).delete(upload.original_key)
        async with self._units.transaction() as tx:
            await tx.casefiles.remove_upload(upload.id)
        await self._objects.discard(upload.id)

    async def finish_all(self) -> None:
        """Finish uploads that were whole when a process died, or the store was away, if still allowed."""
        async with self._units.reading() as tx:
            whole = await tx.casefiles.whole_uploads()
        for upload_id in [each.id for each in whole if each.id not in self._turns]:
            try:
                async with self._turn(upload_id, _nothing):
                    async with self._units.reading() as tx:
                        upload = await tx.casefiles.upload(upload_id)
                    if upload is not None and _whole(upload):
                        await self._finished(upload)
            except DomainError:
                continue
            except Exception:
                log.exception("an upload could not be finished; the others go on", upload=upload_id)

    async def _find(self, case_id: CaseId, upload_id: UploadId, identity: Identity) -> Upload:
        async with self._units.reading() as tx:
            await find_case_with_files(case_id, identity, Action.ADD_DOSSIER, tx)
            upload = await tx.casefiles.upload(upload_id)
        if upload is None or upload.case_id != case_id or upload.account_id != identity.account_id:
            raise NotFound
        return upload

    async def _finished(self, upload: Upload) -> Upload:
        """Make a dossier of a whole upload; doing it again after a crash does no harm.

        A refused upload stays as it is, in case its sender may again.
        """
        async with self._units.reading() as tx:
            await _check_sender(upload, tx)
        dossier = Dossier(
            id=DossierId(upload.id),
            case_id=upload.case_id,
            title=upload.title,
            filename=upload.filename,
            size_bytes=upload.length_bytes,
            sha256="",
            status=DossierStatus.RECEIVED,
            received_at=self._clock.now(),
            received_from=upload.account_id,
        )
        objects = self._objects.of(upload.case_id)
        stored = await objects.seal(upload.id, upload.original_key, length=upload.length_bytes)
        dossier = replace(dossier, sha256=stored.sha256)
        finished = replace(upload, dossier_id=dossier.id)
        if upload.expected_sha256 not in {None, stored.sha256}:
            await self._forget(upload)
            raise HashMismatch(actual=stored.sha256, expected=upload.expected_sha256 or "")
        async with self._units.transaction() as tx:
            await _check_sender(upload, tx)
            if await tx.casefiles.upload(upload.id) is None:
                await objects.delete(upload.original_key)  # taken back where the turn's lock was lost
                raise NotFound
            if await tx.casefiles.dossier(dossier.id) is None:
                await tx.casefiles.add_dossier(dossier)
                tx.record(
                    DossierReceived(
                        actor=f"lawyer:{upload.account_id}",
                        case_id=upload.case_id,
                        dossier_id=dossier.id,
                        size_bytes=dossier.size_bytes,
                        sha256=dossier.sha256,
                    )
                )
                tx.enqueue(Job(SPLIT_DOSSIER, dossier.id))
            await tx.casefiles.save_upload(finished)
        return finished

    @asynccontextmanager
    async def _turn(self, upload_id: UploadId, stop: Callable[[], None]) -> AsyncIterator[None]:
        """Be the only one at an upload: the newer request stops the older, which may hang on a dead line.

        Raises:
            UploadBusy: the older is another node's, which nobody here can stop.
        """
        while (current := self._turns.get(upload_id)) is not None:
            current.stop()
            await current.ended.wait()
        turn = self._turns[upload_id] = _Turn(stop=stop, ended=asyncio.Event())
        try:
            async with self._alone(f"upload:{upload_id}") as mine:
                if not mine:
                    raise UploadBusy
                yield
        finally:
            del self._turns[upload_id]
            turn.ended.set()


class _Body:
    """A request's body, held to the room that is left and to its checksum."""

    def __init__(
        self, chunks: AsyncIterable[bytes], *, room_bytes: int, checksum: tus.Checksum | None
    ) -> None:
        self._chunks = chunks
        self._room_bytes = room_bytes
        self._expected = checksum.expected if checksum is not None else None
        self._digest = checksum.begin() if checksum is not None else None
        self.overflowed = False

    async def bounded(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            if len(chunk) > self._room_bytes:
                self.overflowed = True
                return
            self._room_bytes -= len(chunk)
            if self._digest is not None:
                self._digest.update(chunk)
            yield chunk

    @property
    def sound(self) -> bool:
        """Whether the body that came is the one whose checksum was announced."""
        return self._digest is None or self._digest.digest() == self._expected


async def _check_sender(upload: Upload, tx: CaseFilesTx) -> None:
    """Pass if whoever sent the upload may still add dossiers to its case; raises as `Uploads.create`."""
    sender = await tx.people.account(upload.account_id)
    if sender is None or not sender.active:
        raise NotFound
    await find_case_with_files(upload.case_id, sender.identity, Action.ADD_DOSSIER, tx)


def _check_room(upload: Upload, others: tuple[Upload, ...]) -> None:
    size_bytes = upload.length_bytes + sum(other.length_bytes for other in others)
    if len(others) >= UNFINISHED_MOST or size_bytes > UNFINISHED_BYTES_MOST:
        raise TooManyUploads(most=UNFINISHED_MOST, most_gb=UNFINISHED_BYTES_MOST >> 30)


def _whole(upload: Upload) -> bool:
    return upload.offset == upload.length_bytes and upload.dossier_id is None


async def _no_bytes() -> AsyncIterator[bytes]:
    yield b""


def _nothing() -> None:
    """Nobody reads a body: there is nothing to stop."""
