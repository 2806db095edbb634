"""What retention needs of the outside: a store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from server.audit.ports import LogTransaction
from server.cases.model import Case
from server.cases.ports import CasesTx
from server.kernel.ids import CaseId, OrganisationId
from server.retention.model import (
    Assessment,
    Destroyed,
    DoomedObject,
    Hold,
    PlannedErasure,
    RecordKind,
    Seal,
    Shelf,
)


class RetentionStore(Protocol):
    """Keeps seals, holds, erasures, periods and assessments; and destroys what a case held."""

    async def kept_cases(
        self,
        institution_id: OrganisationId,
        shelf: Shelf,
        *,
        closed_before: datetime,
        after: CaseId | None,
        limit: int,
    ) -> tuple[Case, ...]:
        """Return closed cases of a shelf, the first closed first.

        Args:
            institution_id: whose cases.
            shelf: which of them.
            closed_before: for `Shelf.EXPIRED`, before when a case must have been closed.
            after: the last one of what was returned before.
            limit: how many at most.
        """
        ...

    async def later_stages(self, case_id: CaseId) -> tuple[Case, ...]:
        """Return the same person's cases of later stages, but for those that were erased."""
        ...

    async def seal(self, case_id: CaseId) -> Seal | None:
        """Return the case's seal, opened or not; None if its records were never sealed."""
        ...

    async def put_seal(self, seal: Seal) -> None:
        """Store the seal as it is now."""
        ...

    async def seals_to_close(self, now: datetime) -> tuple[Seal, ...]:
        """Return the seals that were opened until before now."""
        ...

    async def holds_of(self, case_id: CaseId) -> tuple[Hold, ...]:
        """Return a case's holds, the first placed first, lifted ones too."""
        ...

    async def put_hold(self, hold: Hold) -> None:
        """Store the hold as it is now."""
        ...

    async def planned_erasure(self, case_id: CaseId) -> PlannedErasure | None:
        """Return when the case is to be erased, if it is."""
        ...

    async def plan_erasure(self, planned: PlannedErasure) -> None:
        """Store that a case is to be erased."""
        ...

    async def withdraw_erasure(self, case_id: CaseId) -> None:
        """Forget that a case was to be erased."""
        ...

    async def erasures_due(self, now: datetime, *, limit: int) -> tuple[PlannedErasure, ...]:
        """Return the erasures whose time has come."""
        ...

    async def destroy(self, case: Case) -> Destroyed:
        """Destroy the case's keys and all rows that tell of it; note which objects are left.

        What remains: that there was a case of this number and who defended in it, for the rules of conflict.
        """
        ...

    async def doomed_objects(self, *, limit: int) -> tuple[DoomedObject, ...]:
        """Return objects of erased cases that may still lie in the store."""
        ...

    async def forget_doomed(self, doomed: DoomedObject) -> None:
        """Note that the object is gone."""
        ...

    async def longer_periods(self) -> Mapping[RecordKind, int]:
        """Return for how many months the operator keeps records, where that was set."""
        ...

    async def put_longer_period(self, kind: RecordKind, months: int) -> None:
        """Store for how many months records of a kind are kept."""
        ...

    async def assessments(self) -> tuple[Assessment, ...]:
        """Return the assessments, the last concluded first."""
        ...

    async def add_assessment(self, assessment: Assessment) -> None:
        """Store an assessment. There is no way to take one away."""
        ...


class RetentionTx(CasesTx, LogTransaction, Protocol):
    """A unit of work with retention in it, the cases and the log."""

    @property
    def retention(self) -> RetentionStore:
        """Seals, holds, erasures, periods and assessments."""
        ...
