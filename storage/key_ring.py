"""The keys of cases, in the clear while they are used: each wrapped by the master key of its time."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping

from typing_extensions import override

from server.audit.events import KeysRotated
from server.kernel.clock import Clock
from server.kernel.ids import CaseId, new_id
from server.kernel.objects import KeyMissing, ObjectDamaged
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
        found = await self._found(lambda keys: keys.newest(case_id))
        if found is None:
            await self._make(case_id)
            return await self.newest(case_id)
        return found

    @override
    async def key(self, case_id: CaseId, key_id: str) -> CaseKey:
        found = await self._found(lambda keys: keys.key(case_id, key_id))
        if found is None:
            raise ObjectDamaged
        return found

    async def recognise(self) -> None:
        """Pass if each key in the database can be opened; raises `NoMasterKey` otherwise."""
        async with self._database.reading() as tx:
            needed = await tx.case_keys.masters()
        missing = needed - (await self._known()).keys()
        if missing:
            raise NoMasterKey(missing)

    async def rotate(self) -> int:
        """Wrap every key by a new master key and forget the former; return how many.

        A crash in between leaves both master keys, and every key readable; another run then tidies up.
        Files of master keys are made and removed in units that write, so that of several runs none removes
        what another needs.

        Raises:
            NoMasterKey: a key can't be opened.
        """
        await self.recognise()
        async with self._database.transaction() as tx:
            known = await self._known()
            newest = await asyncio.to_thread(self._masters.add)
            keys = await tx.case_keys.all()
            await tx.case_keys.rewrap(self._wrapped(key, _opened(key, known).secret, newest) for key in keys)
            tx.record(KeysRotated(actor=OPERATOR, master_id=newest.id, case_keys=len(keys)))
        async with self._database.transaction() as tx:
            await asyncio.to_thread(self._masters.keep_needed, await tx.case_keys.masters())
        return len(keys)

    async def _found(self, find: Callable[[SqlCaseKeys], Awaitable[WrappedKey | None]]) -> CaseKey | None:
        """Open the key that `find` names. A rotation may end while this looks, so it looks twice."""
        for _ in range(2):
            async with self._database.reading() as tx:
                key = await find(tx.case_keys)
            if key is None:
                return None
            known = await self._known()
            if key.master_id in known:
                return _opened(key, known)
        raise KeyMissing

    async def _make(self, case_id: CaseId) -> None:
        """Make a key for the case, unless another process just did."""
        async with self._database.transaction() as tx:
            if await tx.case_keys.newest(case_id) is None:
                bare = WrappedKey(new_id(), case_id, "", b"", self._clock.now())
                master = await self._newest(tx.case_keys)
                await tx.case_keys.add(self._wrapped(bare, secrets.token_bytes(KEY_BYTES), master))

    async def _newest(self, keys: SqlCaseKeys) -> MasterKey:
        """Return the master key that wraps from now on; the first is made with the first case's key."""
        masters = await asyncio.to_thread(self._masters.all)
        if masters:
            return masters[-1]
        if needed := await keys.masters():
            raise NoMasterKey(needed)
        return await asyncio.to_thread(self._masters.add)

    async def _known(self) -> dict[str, MasterKey]:
        return {master.id: master for master in await asyncio.to_thread(self._masters.all)}

    def _wrapped(self, key: WrappedKey, secret: bytes, master: MasterKey) -> WrappedKey:
        return key._replace(
            master_id=master.id, wrapped=wrap(self._suite, master.secret, secret, _context(key))
        )


def _opened(key: WrappedKey, known: Mapping[str, MasterKey]) -> CaseKey:
    _, secret = unwrap(key.wrapped, known[key.master_id].secret, _context(key))
    return CaseKey(key.id, secret)


def _context(key: WrappedKey) -> bytes:
    """Tell whose key it is, so that none can be put in another case's place."""
    return f"case key {key.id} of {key.case_id}".encode()
