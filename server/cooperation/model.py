"""Values of cooperation: what is known of a lawyer for matching, and what comes of weighing them."""

from dataclasses import dataclass, field
from datetime import date
from enum import IntFlag, StrEnum

from server.cases.model import ScorePart
from server.cases.offences import OffenceGroup
from server.kernel.ids import AccountId, OrganisationId


class LawyerCategory(StrEnum):
    """On what footing a lawyer does legal aid."""

    FULL_TIME = "full_time"
    PART_TIME = "part_time"
    VOLUNTEER = "volunteer"
    ACADEMIC = "academic"
    DUTY = "duty"


@dataclass(frozen=True, slots=True, kw_only=True)
class LawyerProfile:
    """What matching knows of a lawyer."""

    account_id: AccountId
    category: LawyerCategory
    area_id: OrganisationId
    """The cooperation area to which the lawyer belongs."""
    region_code: str
    """Six digits of GB/T 2260: where the lawyer sits."""
    criminal_defence_since: date | None
    """When the first criminal defence began; None if there was none."""
    specialities: tuple[OffenceGroup, ...] = ()
    minors: bool = False
    """Trained to defend minors."""
    languages: tuple[str, ...] = ("zh",)
    """BCP 47 tags."""
    counties: tuple[str, ...] = ()
    """Counties that the lawyer serves; none named means everywhere in the area."""
    overflow: bool = False
    """Also takes cases of other areas, at a distance."""
    cap: int = 12
    """How many cases at once are the most."""
    suspended: bool = False
    """Not to be assigned, by a person's decision (Legal Aid Law 60, 63)."""

    def years(self, on: date) -> int:
        """Return the whole years of criminal defence on a day."""
        since = self.criminal_defence_since
        if since is None or on < since:
            return 0
        return on.year - since.year - ((on.month, on.day) < (since.month, since.day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Days on which a lawyer is away."""

    account_id: AccountId
    from_day: date
    until_day: date
    """The last day away."""


class Exclusion(IntFlag):
    """Why a lawyer can't be proposed: one bit a rule, so that a lawyer's reasons are one number."""

    CONFLICT = 1
    EXPERIENCE = 2
    AWAY = 4
    OUTSIDE = 8
    OVER_CAP = 16
    SUSPENDED = 32
    MINORS = 64
    DECLINED = 128
    IN_CASE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A lawyer who may be proposed, with every part of the score."""

    account_id: AccountId
    rank: int
    """From 1."""
    parts: tuple[ScorePart, ...]
    load: int
    cap: int

    @property
    def total(self) -> float:
        """Return the points in all, of 100."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A lawyer who may not be proposed, and by which rules."""

    account_id: AccountId
    rules: Exclusion

    @property
    def only(self) -> Exclusion | None:
        """Return the one rule that stands in the way, None if there are more."""
        return self.rules if self.rules.bit_count() == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Who could take a case, ranked, and who could not."""

    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    rules_version: str
    weights_version: str
    counts: dict[Exclusion, int] = field(default_factory=dict)
    """How many lawyers each rule excludes."""

    def candidate(self, account_id: AccountId) -> Candidate | None:
        """Return the lawyer's place among the candidates, None if there is none."""
        return next((each for each in self.candidates if each.account_id == account_id), None)

    def exclusion(self, account_id: AccountId) -> Exclusion | None:
        """Return the rules that exclude the lawyer, None if none does."""
        return next((each.rules for each in self.excluded if each.account_id == account_id), None)
