"""Values of retention: why a case is sealed or held, when it is to be erased, what an erasure destroyed."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.kernel.ids import AccountId, AssessmentId, CaseId, HoldId


class RecordKind(StrEnum):
    """A kind of records that has a period of its own; the periods are in `periods.toml`."""

    CASE = "case"
    """A case's file, annotations, meetings and course, from its end on."""
    AUDIT_LOG = "audit_log"
    PROCESS_LOG = "process_log"
    ASSESSMENT = "assessment"
    """Assessments of the impact on personal information."""


class SealGround(StrEnum):
    """Why a minor's records are sealed."""

    SENTENCE = "sentence"
    """Under eighteen at the time, sentenced to five years or less (CPL 286)."""
    NO_PROSECUTION = "no_prosecution"
    """Not prosecuted."""


class Purpose(StrEnum):
    """For what sealed records may be opened (CPL 286(2)); there is no other."""

    JUDICIAL = "judicial"
    """A judicial organ needs them to handle a case."""
    PROVIDED = "provided"
    """A unit asks that may do so by provisions of the State."""


class HoldReason(StrEnum):
    """Why a case has to be kept beyond its time."""

    PETITION = "petition"
    """A petition against the judgment, or a retrial."""
    COMPLAINT = "complaint"
    """A complaint, a discipline or a damages case."""
    INSPECTION = "inspection"
    """A review of quality or of the accounts."""
    REQUEST = "request"
    """An organ of the State asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """That a case's records are sealed, and for what they are opened now, if they are."""

    case_id: CaseId
    ground: SealGround
    sealed_by: AccountId
    sealed_at: datetime
    purpose: Purpose | None = None
    reference: str = ""
    """Number of the letter that asked."""
    opened_by: AccountId | None = None
    opened_until: datetime | None = None
    """Then it is closed by itself; None while it is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """That a case is kept for a reason, until somebody lifts it."""

    id: HoldId
    case_id: CaseId
    reason: HoldReason
    reference: str
    """Number of the letter or case behind it; may be empty."""
    placed_by: AccountId
    placed_at: datetime
    lifted_by: AccountId | None = None
    lifted_at: datetime | None = None

    @property
    def lasts(self) -> bool:
        """Tell whether nobody has lifted it."""
        return self.lifted_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedErasure:
    """That a case is to be erased, unless somebody takes it back before."""

    case_id: CaseId
    planned_by: AccountId
    planned_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """What an erasure destroyed."""

    keys: tuple[str, ...]
    """Ids of the case's keys: without them no copy of its files, in the store or elsewhere, can be read."""
    objects: int
    """How many files were encrypted under them."""
    rows: int
    """How many rows of the database told of the case."""


@dataclass(frozen=True, slots=True)
class DoomedObject:
    """What an erased case has left in the object store: an object's key, or the id of an upload."""

    name: str
    case_id: CaseId
    is_upload: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An assessment of the impact on personal information (PIPL 55), as far as this installation goes."""

    id: AssessmentId
    title: str
    concluded_on: date
    conclusion: str
    recorded_by: AccountId
    recorded_at: datetime


class Shelf(StrEnum):
    """Which of the closed cases somebody looks at."""

    ALL = "all"
    EXPIRED = "expired"
    """Those whose time is over, for whose keeping nothing speaks."""
    HELD = "held"
    PLANNED = "planned"
    """Those that are to be erased."""
    SEALED = "sealed"
    ERASED = "erased"
