"""What happens to cases: ids and codes only, told to those whose pages show it."""

from dataclasses import dataclass

from typing_extensions import override

from server.kernel.events import Event

DEFENCE_STEPS = frozenset({"lawyer_presented_three_documents", "first_meeting_held", "agreement_signed"})
"""Facts that are the defence's own business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent(Event):
    """Something that happened in a case; its institution, agency and area hear of it."""

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
        organisations = dict.fromkeys((self.institution_id, self.agency_id, self.area_id))
        return (f"case:{self.case_id}", *(f"organisation:{each}" for each in organisations))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReceived(CaseEvent):
    """An agency asked for a defender; a case was opened."""

    notice_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMoved(CaseEvent):
    """The case's status changed."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecorded(CaseEvent):
    """Something happened that starts or stops a clock; an agency hears nothing of the defence's own steps."""

    key: str

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        told: tuple[str, ...] = CaseEvent.topics.fget(self)  # type: ignore[attr-defined]
        if self.key not in DEFENCE_STEPS:
            return told
        return tuple(topic for topic in told if topic != f"organisation:{self.agency_id}")


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


class AssignmentAccepted(AssignmentEvent):
    """The lawyer took the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentDeclined(AssignmentEvent):
    """The lawyer can't take the case."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEnded(AssignmentEvent):
    """The lawyer has no more to do with the case: their sockets look again, within a second."""

    reason: str

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
