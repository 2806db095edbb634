"""What happens to cases: ids and codes only, told to those whose pages show it."""

from dataclasses import dataclass

from typing_extensions import override

from server.cases.model import Case
from server.cases.vocabulary import WRITTEN_DOWN
from server.kernel.events import Event

DEFENCE_STEPS = frozenset({"lawyer_presented_three_documents", "first_meeting_held", "agreement_signed"})
"""Facts that are the defence's own business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent(Event):
    """Something that happened in a case; its institution and area hear of it, mostly its agency too."""

    case_id: str
    institution_id: str
    agency_id: str
    area_id: str

    @property
    @override
    def subject(self) -> str:
        return f"case:{self.case_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        told = (self.institution_id, self.area_id, *((self.agency_id,) if self.agency_hears else ()))
        return (f"case:{self.case_id}", *(f"organisation:{each}" for each in dict.fromkeys(told)))

    @property
    def agency_hears(self) -> bool:
        """Tell whether the agency is told: of the defence's own steps it is not."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnheardEvent(CaseEvent):
    """Something of which the agency is not told."""

    @property
    @override
    def agency_hears(self) -> bool:
        return False


def of_case(case: Case, actor: str) -> dict[str, str]:
    """Return what every event of a case says."""
    return {
        "actor": actor,
        "case_id": case.id,
        "institution_id": case.institution_id,
        "agency_id": case.agency_id,
        "area_id": case.area_id,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChanged(Event):
    """The operator set days by which deadlines are counted."""

    first: str
    last: str
    """Days, both included, in ISO 8601."""
    setting: str

    @property
    @override
    def subject(self) -> str:
        return "calendar:china"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingChosen(Event):
    """The operator decided how something is counted that the law leaves open."""

    question: str
    answer: str

    @property
    @override
    def subject(self) -> str:
        return "calendar:china"


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesListed(Event):
    """An agency's system had its cases told; no page shows it, so none is told."""

    agency_id: str

    @property
    @override
    def subject(self) -> str:
        return f"organisation:{self.agency_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseViewed(Event):
    """Somebody looked at a case; no page shows it, so none is told."""

    case_id: str

    @property
    @override
    def subject(self) -> str:
        return f"case:{self.case_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReceived(CaseEvent):
    """An agency asked for a defender; a case was opened."""

    notice_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMoved(UnheardEvent):
    """The case's status changed; that the client was met would show in the moment."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecorded(CaseEvent):
    """Something happened that starts or stops a clock; an agency hears nothing of the defence's own steps."""

    key: str

    @property
    @override
    def agency_hears(self) -> bool:
        return self.key not in DEFENCE_STEPS and self.key not in WRITTEN_DOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineExtended(UnheardEvent):
    """A decision that makes a deadline later was written down, or taken back; agencies are not told."""

    rule_id: str
    months: int
    days: int


class ExtensionsWithdrawn(DeadlineExtended):
    """None of a rule's extensions was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayRecorded(UnheardEvent):
    """Somebody recorded who caused a delay; agencies are not told."""

    duty: str
    party: str


class FactWithdrawn(FactRecorded):
    """What was recorded did not happen, or not then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEvent(CaseEvent):
    """Something happened to a lawyer's assignment; the lawyer hears of it besides."""

    assignment_id: str
    account_id: str
    kind: str

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        # By name: a dataclass with slots is a new class, which a bare super() does not know.
        return (f"account:{self.account_id}", *CaseEvent.topics.fget(self))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentProposed(AssignmentEvent):
    """A coordinator proposed a lawyer."""

    rank: int | None

    @property
    @override
    def agency_hears(self) -> bool:
        return False


class AssignmentAccepted(AssignmentEvent):
    """The lawyer took the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentDeclined(AssignmentEvent):
    """The lawyer can't take the case."""

    reason: str

    @property
    @override
    def agency_hears(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEnded(AssignmentEvent):
    """The lawyer has no more to do with the case: their sockets look again, within a second."""

    reason: str
    accepted: bool
    """Whether they had taken it: an agency hears nothing of a proposal that was taken back."""

    @property
    @override
    def agency_hears(self) -> bool:
        return self.accepted

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"access:{self.account_id}", *AssignmentEvent.topics.fget(self))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretNumberRegistered(Event):
    """A secret case was notified; nothing but its number is kept."""

    notice_id: str
    agency_id: str

    @property
    @override
    def subject(self) -> str:
        return f"notice:{self.notice_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"organisation:{self.agency_id}",)
