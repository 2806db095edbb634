"""Values of cases: who is defended, at what stage, notified by whom, assigned to whom and why.

One case is one recipient at one agency; co-defendants are cases of their own that share a number
(`Case.link_numbers`). What is read or said in a case belongs to `casefiles` and `rooms`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from server.kernel.ids import AccountId, AssignmentId, CaseId, NoticeId, OrganisationId, PartyId

LONGEST = timedelta(days=20 * 365)
"""How far from now something of a case can lie: none takes longer."""


class Stage(StrEnum):
    """A stage of criminal procedure; each is a legal-aid case of its own in the archive."""

    INVESTIGATION = "investigation"
    ARREST_REVIEW = "arrest_review"
    PROSECUTION_REVIEW = "prosecution_review"
    FIRST_INSTANCE = "first_instance"
    SECOND_INSTANCE = "second_instance"
    DEATH_REVIEW = "death_review"
    COMPULSORY_TREATMENT = "compulsory_treatment"

    @property
    def file_access(self) -> bool:
        """Tell whether the defence may read the file: from examination for prosecution on (CPL 40)."""
        return self not in _BEFORE_FILE_ACCESS

    @property
    def evidence_to_client(self) -> bool:
        """Tell whether the lawyer may show evidence to the client (CPL 39(4)): from the same day on."""
        return self.file_access


_BEFORE_FILE_ACCESS = frozenset({Stage.INVESTIGATION, Stage.ARREST_REVIEW})


class Procedure(StrEnum):
    """How a first instance is tried."""

    ORDINARY = "ordinary"
    SUMMARY = "summary"
    FAST_TRACK = "fast_track"


class NoticeReason(StrEnum):
    """Why the agency notifies: the cases of Legal Aid Law 25 and 28, or a wider local programme."""

    MINOR = "minor"
    """Legal Aid Law 25(1)(1)."""
    DISABILITY = "disability"
    """Sight, hearing or speech; Legal Aid Law 25(1)(2)."""
    IMPAIRED = "impaired"
    """An adult who can't fully discern their own conduct; Legal Aid Law 25(1)(3)."""
    LIFE_OR_DEATH = "life_or_death"
    """May be sentenced to life or death; Legal Aid Law 25(1)(4)."""
    DEATH_REVIEW = "death_review"
    """Applied in a death sentence review; Legal Aid Law 25(1)(5)."""
    ABSENTIA = "absentia"
    """Tried in absentia; Legal Aid Law 25(1)(6)."""
    COMPULSORY_TREATMENT = "compulsory_treatment"
    """Legal Aid Law 28."""
    OTHER_LAW = "other_law"
    """Others named by law; Legal Aid Law 25(1)(7)."""
    ORDINARY_PROCEDURE = "ordinary_procedure"
    """Another defendant under ordinary procedure; Legal Aid Law 25(2): may, not must."""
    FULL_COVERAGE = "full_coverage"
    """Full coverage of the stage, by a programme of the province."""

    @property
    def mandatory(self) -> bool:
        """Tell whether the law itself demands the notice (Legal Aid Law 25(1), 28)."""
        return self not in {NoticeReason.ORDINARY_PROCEDURE, NoticeReason.FULL_COVERAGE}


class CaseStatus(StrEnum):
    """Where legal aid stands in the case; the moves are in `server.cases.lifecycle`."""

    NOTICED = "noticed"
    APPLIED = "applied"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    ASSIGNED = "assigned"
    ENGAGED = "engaged"
    PREPARING = "preparing"
    HEARING = "hearing"
    AWAITING_JUDGMENT = "awaiting_judgment"
    CLOSING = "closing"
    ARCHIVED = "archived"
    PAID = "paid"
    REFUSED = "refused"
    REPLACED = "replaced"
    TERMINATED = "terminated"
    STAGE_TRANSFERRED = "stage_transferred"

    @property
    def closed(self) -> bool:
        """Tell whether the case can be read but no longer worked on."""
        return self in _CLOSED


_CLOSED = frozenset(
    {
        CaseStatus.ARCHIVED,
        CaseStatus.PAID,
        CaseStatus.REFUSED,
        CaseStatus.TERMINATED,
        CaseStatus.STAGE_TRANSFERRED,
    }
)


class PartyKind(StrEnum):
    """What a person is in the case."""

    RECIPIENT = "recipient"
    RELATIVE = "relative"


class Gender(StrEnum):
    """As in GB/T 2261.1."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person in the case."""

    id: PartyId
    case_id: CaseId
    kind: PartyKind
    name: str
    gender: Gender
    born_on: date | None = None
    ethnicity: str = ""
    """As GB/T 3304 names it: 汉族, 维吾尔族."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recipient's criminal case at one agency, as legal aid knows it."""

    id: CaseId
    number: str
    """The legal-aid number: 平舆援刑字〔2026〕第7号."""
    agency_number: str
    """The agency's own number; co-defendants share it."""
    status: CaseStatus
    stage: Stage
    procedure: Procedure | None
    offence: str
    """The charge as the agency worded it: 故意伤害."""
    reason: NoticeReason
    life_or_death: bool
    """Life imprisonment or death is at stake: the lawyer needs experience (Legal Aid Law 26)."""
    minor: bool
    """The recipient is under eighteen."""
    agency_id: OrganisationId
    institution_id: OrganisationId
    """The legal aid institution at the agency's seat (Legal Aid Law 38)."""
    area_id: OrganisationId
    region_code: str
    """Six digits of GB/T 2260: where the agency sits."""
    facility_id: OrganisationId | None
    """The detention facility that holds the recipient; None if at large."""
    language: str = "zh"
    """BCP 47 tag of the language that the recipient needs."""
    volumes: int = 0
    """How many volumes the file has, as far as told."""
    co_accused: int = 0
    """How many others are accused with the recipient."""
    continues: CaseId | None = None
    """The same recipient's case at an earlier stage."""
    opened_at: datetime
    hearing_at: datetime | None = None
    closed_at: datetime | None = None
    """When it was closed: from then on runs the time for which it is kept."""
    sealed_at: datetime | None = None
    """When its records were sealed; None while they are not, or are opened for a while."""
    erased_at: datetime | None = None
    """When all that it held was destroyed; its number and who defended are left."""
    version: int = 1
    """Grows with each change; a form or `If-Match` that names an older one is refused."""

    @property
    def in_custody(self) -> bool:
        """Tell whether the recipient is detained."""
        return self.facility_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An agency's letter that asks for a defender (通知辩护函)."""

    id: NoticeId
    case_id: CaseId | None
    """None for a secret case, of which only the number is kept."""
    agency_id: OrganisationId
    agency_number: str
    letter_number: str
    contact: str
    """The officer to call, with telephone."""
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFact:
    """Something dated that happened in the case and starts or stops a clock: a trigger of the rules."""

    case_id: CaseId
    key: str
    """The rules' own word for it: `lai_received_agency_notice`."""
    at: datetime
    """When it happened; of a hearing, when it will be."""
    actor: str
    recorded_at: datetime
    withdrawn: bool = False
    """Whether this says that it did not happen after all."""
    again: bool = False
    """Whether it happened once more; else this corrects what was recorded before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A decision by which a deadline of a case is later."""

    case_id: CaseId
    rule_id: str
    months: int
    days: int
    decision: str
    """Number of the decision; empty of one that takes others back."""
    actor: str
    recorded_at: datetime


class Cause(StrEnum):
    """Why a duty's end was counted anew."""

    EVENT = "event"
    """What begins it happened, was corrected or taken back; or the case is another."""
    EXTENSION = "extension"
    CALENDAR = "calendar"
    CHOICE = "choice"
    """The operator decided otherwise what the law leaves open."""
    RULES = "rules"
    """The product came with other rules, or another calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """How a duty's end was counted from some moment on; those before are kept."""

    case_id: CaseId
    duty: str
    """The clock's key."""
    rule_id: str
    trigger: str
    trigger_at: datetime
    due_at: datetime | None
    """The first moment that is too late; None: it runs no longer."""
    cause: Cause
    counted_at: datetime


class Bearer(StrEnum):
    """Who has to do a duty of a case."""

    LAWYER = "lawyer"
    INSTITUTION = "institution"
    AGENCY = "agency"
    PROCURATORATE = "procuratorate"
    FACILITY = "facility"
    ACCUSED = "accused"
    """The recipient decides; the lawyer reminds them."""
    DUTY_LAWYER = "duty_lawyer"
    BUREAU = "bureau"
    """The justice bureau above the institution."""


class DelayParty(StrEnum):
    """Who caused a duty to be late."""

    LAWYER = "lawyer"
    INSTITUTION = "institution"
    AGENCY = "agency"
    FACILITY = "facility"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """That somebody caused a duty of a case to be late, as somebody recorded."""

    case_id: CaseId
    duty: str
    """The clock's key."""
    party: DelayParty
    actor: str
    recorded_at: datetime


class AssignmentKind(StrEnum):
    """What a lawyer is in the case."""

    LEAD = "lead"
    ASSISTING = "assisting"
    MENTOR = "mentor"


class AssignmentStatus(StrEnum):
    """Where an assignment stands; the moves are in `server.cases.lifecycle`."""

    PROPOSED = "proposed"
    PINNED = "pinned"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ACTIVE = "active"
    ENDED = "ended"


class DeclineReason(StrEnum):
    """Why a lawyer can't take a case; without good reason none may refuse (Legal Aid Law 46)."""

    CONFLICT = "conflict"
    WORKLOAD = "workload"
    ILLNESS = "illness"
    TRAVEL = "travel"
    OUTSIDE_FIELD = "outside_field"
    OTHER = "other"
    """Needs a text."""


class EndReason(StrEnum):
    """Why an assignment ended (Legal Aid Law 48, 55; Order 148)."""

    RECIPIENT_ASKED = "recipient_asked"
    LAWYER_UNABLE = "lawyer_unable"
    CONFLICT_FOUND = "conflict_found"
    RECIPIENT_RETAINED = "recipient_retained"
    QUALITY = "quality"
    CASE_CLOSED = "case_closed"
    WITHDRAWN = "withdrawn"
    """The coordinator took the proposal back before an answer."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One named reason for a lawyer: how many points of how many."""

    factor: str
    points: float
    """0 to `weight`."""
    weight: float
    detail: Mapping[str, str | int | float]
    """What it was counted from, for the sentence that explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A lawyer in a case: who, as what, chosen by whom and why."""

    id: AssignmentId
    case_id: CaseId
    account_id: AccountId
    kind: AssignmentKind
    status: AssignmentStatus
    proposed_by: AccountId | None
    proposed_at: datetime
    note: str = ""
    """Why the coordinator chose, in their words; needed when it was not the first suggestion."""
    rank: int | None = None
    """The lawyer's place among the suggestions, from 1; None if there were none."""
    score: tuple[ScorePart, ...] = ()
    rules_version: str = ""
    weights_version: str = ""
    answered_at: datetime | None = None
    decline_reason: DeclineReason | None = None
    answer_note: str = ""
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    version: int = 1

    @property
    def pending(self) -> bool:
        """Tell whether the lawyer has yet to answer."""
        return self.status in {AssignmentStatus.PROPOSED, AssignmentStatus.PINNED}

    @property
    def open(self) -> bool:
        """Tell whether the lawyer works on the case: this, and nothing less, opens it to them."""
        return self.status in {AssignmentStatus.ACCEPTED, AssignmentStatus.ACTIVE}

    @property
    def total(self) -> float:
        """Return the points in all."""
        return sum(part.points for part in self.score)
