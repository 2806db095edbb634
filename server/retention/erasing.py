"""Does what was planned when its time has come: erases cases, closes seals that were opened for a while."""

from dataclasses import replace
from typing import Generic, TypeVar

from server.kernel.clock import Clock
from server.kernel.errors import DomainError
from server.kernel.ids import CaseId
from server.kernel.objects import ObjectStore
from server.kernel.transaction import Turns, Units
from server.retention.events import CaseErased, ErasureWithdrawn, kept
from server.retention.keeping import check_now, close_seal, lawyers_of
from server.retention.policy import ACTOR
from server.retention.ports import RetentionTx

EVERY_S = 60.0
"""How often it is looked whether something is due."""
_AT_ONCE = 200
"""Objects removed in one round of asking."""

TxT = TypeVar("TxT", bound=RetentionTx)


class Keeper(Generic[TxT]):
    """Keeps the days that were set."""

    def __init__(self, *, units: Units[TxT], turns: Turns, objects: ObjectStore, clock: Clock) -> None:
        """Keep where records and bytes are."""
        self._units = units
        self._turns = turns
        self._objects = objects
        self._clock = clock

    async def keep(self) -> None:
        """Do all that is due; if another process is at it, that is well."""
        async with self._turns.alone("retention") as mine:
            if mine:
                await self._close_seals()
                while await self._erase_one():
                    """There may be more."""
                while await self._remove_some():
                    """There may be more."""

    async def _close_seals(self) -> None:
        async with self._units.reading() as tx:
            if not await tx.retention.seals_to_close(self._clock.now()):
                return
        async with self._units.transaction() as tx:
            for seal in await tx.retention.seals_to_close(self._clock.now()):
                case = await tx.cases.case(seal.case_id)
                if case is not None:
                    await close_seal(case, replace(seal, sealed_at=self._clock.now()), ACTOR, tx)

    async def _erase_one(self) -> bool:
        """Erase the case that has been due for the longest; tell whether there was one."""
        now = self._clock.now()
        async with self._units.reading() as tx:
            due = await tx.retention.erasures_due(now, limit=1)
        if not due:
            return False
        async with self._units.transaction() as tx:
            for planned in await tx.retention.erasures_due(now, limit=1):
                await self._erase(planned.case_id, tx)
        return True

    async def _erase(self, case_id: CaseId, tx: TxT) -> None:
        """Destroy the case, unless it has to be kept by now: then the erasure is off."""
        case = await tx.cases.case(case_id)
        await tx.retention.withdraw_erasure(case_id)
        if case is None:
            return
        try:
            await check_now(case, tx, self._clock)
        except DomainError:
            tx.record(ErasureWithdrawn(**kept(case, ACTOR)))
            return
        lawyers = await lawyers_of(case, tx)
        await tx.cases.put_case(replace(case, erased_at=self._clock.now(), version=case.version + 1))
        destroyed = await tx.retention.destroy(case)
        tx.record(
            CaseErased(
                **kept(case, ACTOR),
                lawyer_ids=lawyers,
                keys=list(destroyed.keys),
                objects=destroyed.objects,
                rows=destroyed.rows,
            )
        )

    async def _remove_some(self) -> bool:
        """Remove what nobody can decrypt any more; a crash in between leaves it for the next round."""
        async with self._units.reading() as tx:
            doomed = await tx.retention.doomed_objects(limit=_AT_ONCE)
        if not doomed:
            return False
        for each in doomed:
            if each.is_upload:
                await self._objects.discard(each.name)
            else:
                await self._objects.of(each.case_id).delete(each.name)
        async with self._units.transaction() as tx:
            for each in doomed:
                await tx.retention.forget_doomed(each)
        return len(doomed) == _AT_ONCE
