"""What happens to records that are kept: ids and codes only, told to the institution that keeps them."""

from dataclasses import dataclass

from typing_extensions import override

from server.cases.model import Case
from server.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCaseEvent(Event):
    """Something that happened to a case that is kept; the pages of its institution hear of it."""

    case_id: str
    institution_id: str

    @property
    @override
    def subject(self) -> str:
        return f"case:{self.case_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"case:{self.case_id}", f"organisation:{self.institution_id}")


def kept(case: Case, actor: str) -> dict[str, str]:
    """Return what every such event says."""
    return {"actor": actor, "case_id": case.id, "institution_id": case.institution_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePutAway(KeptCaseEvent):
    """A case is taken from those who worked on it: what they have open looks again, within a second."""

    lawyer_ids: list[str]

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        # By name: a dataclass with slots is a new class, which a bare super() does not know.
        told = KeptCaseEvent.topics.fget(self)  # type: ignore[attr-defined]
        return (*told, *(f"access:{each}" for each in self.lawyer_ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSealed(CasePutAway):
    """A minor's records were sealed, or closed again after they had been opened."""

    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealOpened(KeptCaseEvent):
    """Sealed records were opened for a while."""

    purpose: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(KeptCaseEvent):
    """A case is to be kept whatever its time."""

    reason: str


class HoldLifted(HoldPlaced):
    """The reason is gone."""


class ErasurePlanned(KeptCaseEvent):
    """A case is to be erased."""


class ErasureWithdrawn(KeptCaseEvent):
    """It is not to be erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseErased(CasePutAway):
    """A case's keys were destroyed, and with them all that was encrypted under them; and its rows."""

    keys: list[str]
    objects: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSet(Event):
    """The operator keeps a kind of records for longer."""

    kind: str
    months: int

    @property
    @override
    def subject(self) -> str:
        return f"period:{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRecorded(Event):
    """An assessment of the impact on personal information was written down."""

    assessment_id: str

    @property
    @override
    def subject(self) -> str:
        return f"assessment:{self.assessment_id}"
