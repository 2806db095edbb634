"""The keys of cases, in the clear while they are used: each wrapped by the master key of its time."""

import asyncio
import secrets

from typing_extensions import override

from server.audit.events import KeysRotated
from server.kernel.clock import Clock
from server.kernel.ids import CaseId, new_id
from server.kernel.objects import ObjectDamaged
from storage.case_keys import SqlCaseKeys, WrappedKey
from storage.database import Database
from storage.envelope import KEY_BYTES, CaseKey, Suite, unwrap, wrap
from storage.master_keys import MasterKey, MasterKeys
from storage.objects import KeyRing

OPERATOR = "operator"
"""Actor of what is done on the server's own terminal."""


class NoMasterKey(ValueError):
    """A master key is missing; the message says what to do, in both languages."""

    def __init__(self, master_ids: frozenset[str]) -> None:
        """Name the missing ones."""
        names = ", ".join(sorted(master_ids))
        super().__init__(
            f"缺少主密钥 {names}：请从其他节点或备份取得，或用份额恢复（python3 -m server keys restore）。\n"
            f"Master key {names} is missing: take it from another node or a backup, or restore it from its "
            f"shares (python3 -m server keys restore)."
        )


class CaseKeys(KeyRing):
    """The keys in the database, opened with the master keys."""

    def __init__(
        self, database: Database, masters: MasterKeys, clock: Clock, suite: Suite = Suite.AES_256_GCM
    ) -> None:
        """Keep where both are; `suite` is for what is wrapped from now on."""
        self._database = database
        self._masters = masters
        self._clock = clock
        self._suite = suite

    @override
    async def newest(self, case_id: CaseId) -> CaseKey:
        async with self._database.reading() as tx:
            wrapped = await tx.case_keys.newest(case_id)
        return await self._made(case_id) if wrapped is None else await self._open(wrapped)

    async def _made(self, case_id: CaseId) -> CaseKey:
        """Make a key for the case, unless another process just did."""
        async with self._database.transaction() as tx:
            wrapped = await tx.case_keys.newest(case_id)
            if wrapped is None:
                wrapped = self._wrapped(
                    case_id, secrets.token_bytes(KEY_BYTES), await self._newest(tx.case_keys)
                )
                await tx.case_keys.add(wrapped)
        return await self._open(wrapped)

    @override
    async def key(self, case_id: CaseId, key_id: str) -> CaseKey:
        async with self._database.reading() as tx:
            wrapped = await tx.case_keys.key(key_id)
        if wrapped is None or wrapped.case_id != case_id:
            raise ObjectDamaged
        return await self._open(wrapped)

    async def recognise(self) -> None:
        """Pass if each key in the database can be opened; raises `NoMasterKey` otherwise."""
        async with self._database.reading() as tx:
            needed = await tx.case_keys.masters()
        missing = needed - {master.id for master in await asyncio.to_thread(self._masters.all)}
        if missing:
            raise NoMasterKey(missing)

    async def rotate(self) -> int:
        """Wrap every key by a new master key and forget the former; return how many.

        A crash in between leaves both master keys, and every key readable; another run then tidies up.

        Raises:
            NoMasterKey: a key can't be opened.
        """
        await self.recognise()
        async with self._database.transaction() as tx:
            known = {master.id: master for master in await asyncio.to_thread(self._masters.all)}
            newest = await asyncio.to_thread(self._masters.add)
            keys = await tx.case_keys.all()
            for key in keys:
                await tx.case_keys.rewrap(self._rewrapped(key, known[key.master_id], newest))
            tx.record(KeysRotated(actor=OPERATOR, master_id=newest.id, case_keys=len(keys)))
        await asyncio.to_thread(self._masters.keep_newest)
        return len(keys)

    async def _newest(self, keys: SqlCaseKeys) -> MasterKey:
        """Return the master key that wraps from now on; the first is made with the first case's key."""
        masters = await asyncio.to_thread(self._masters.all)
        if masters:
            return masters[-1]
        if needed := await keys.masters():
            raise NoMasterKey(needed)
        return await asyncio.to_thread(self._masters.first)

    async def _open(self, wrapped: WrappedKey) -> CaseKey:
        masters = {master.id: master for master in await asyncio.to_thread(self._masters.all)}
        if wrapped.master_id not in masters:
            raise ObjectDamaged
        _, secret = unwrap(wrapped.wrapped, masters[wrapped.master_id].secret, _context(wrapped))
        return CaseKey(wrapped.id, secret)

    def _wrapped(self, case_id: CaseId, secret: bytes, master: MasterKey) -> WrappedKey:
        bare = WrappedKey(new_id(), case_id, master.id, b"", self._clock.now())
        return bare._replace(wrapped=wrap(self._suite, master.secret, secret, _context(bare)))

    def _rewrapped(self, key: WrappedKey, former: MasterKey, master: MasterKey) -> WrappedKey:
        _, secret = unwrap(key.wrapped, former.secret, _context(key))
        sealed = wrap(self._suite, master.secret, secret, _context(key))
        return key._replace(master_id=master.id, wrapped=sealed)


def _context(key: WrappedKey) -> bytes:
    """Tell whose key it is, so that none can be put in another case's place."""
    return f"case key {key.id} of {key.case_id}".encode()
