"""What excludes a lawyer from a case: hard rules, each with its code, its law and its words.

All rules are asked, so that a page can say "excluded only by this rule". The words never name another case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from server.cases.model import Case
from server.cooperation.model import Exclusion, LawyerProfile, Leave
from server.kernel.errors import N_

RULES_VERSION = "2026-09"
YEARS_FOR_LIFE_OR_DEATH = 3
"""Legal Aid Law 26; Order 148 art. 26 says of criminal defence, and the stricter of the two counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a lawyer stands to a case and to others, as the stores tell."""

    conflict: bool = False
    """Has to do with a co-defendant or linked accused."""
    load: int = 0
    """Cases open or proposed."""
    leave: Leave | None = None
    """The absence that covers today, if there is one."""
    declined: bool = False
    """Has declined this very case."""
    in_case: bool = False
    """Is in this very case already, or asked to be."""
    earlier_stage: bool = False
    """Defended the same recipient at an earlier stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRule:
    """One hard rule."""

    flag: Exclusion
    code: str
    name: str
    """Message id, a few words."""
    words: str
    """Message id of the sentence; its places are filled by `explain`."""
    article: str
    """The law, empty where it is the platform's own rule."""
    excludes: Callable[[LawyerProfile, Standing, Case, date], bool]


def exclusions(lawyer: LawyerProfile, standing: Standing, case: Case, on: date) -> Exclusion:
    """Return every rule that stands between the lawyer and the case; none is falsy."""
    found = Exclusion(0)
    for rule in EXCLUSION_RULES:
        if rule.excludes(lawyer, standing, case, on):
            found |= rule.flag
    return found


def rules_of(found: Exclusion) -> tuple[ExclusionRule, ...]:
    """Return the rules in `found`, in the order of their codes."""
    return tuple(rule for rule in EXCLUSION_RULES if rule.flag & found)


def explain(lawyer: LawyerProfile, standing: Standing, on: date) -> dict[str, str | int | date]:
    """Return what fills the places of the rules' words."""
    leave = standing.leave
    return {
        "years": lawyer.years(on),
        "needed": YEARS_FOR_LIFE_OR_DEATH,
        "load": standing.load,
        "cap": lawyer.cap,
        "first": leave.from_day if leave else on,
        "last": leave.until_day if leave else on,
    }


def _outside(lawyer: LawyerProfile, _: Standing, case: Case, __: date) -> bool:
    if lawyer.area_id != case.area_id:
        return not lawyer.overflow
    return bool(lawyer.counties) and case.region_code not in lawyer.counties


def _inexperienced(lawyer: LawyerProfile, _: Standing, case: Case, on: date) -> bool:
    return case.life_or_death and lawyer.years(on) < YEARS_FOR_LIFE_OR_DEATH


EXCLUSION_RULES = (
    ExclusionRule(
        flag=Exclusion.CONFLICT,
        code="X-01",
        name=N_("利益冲突"),
        words=N_("与同案或关联案件的当事人有利益冲突"),
        article="高法43(2)",
        excludes=lambda _lawyer, standing, _case, _on: standing.conflict,
    ),
    ExclusionRule(
        flag=Exclusion.EXPERIENCE,
        code="X-02",
        name=N_("年限不足"),
        words=N_("刑事辩护经历 {years} 年，可能判处无期徒刑、死刑的案件须满 {needed} 年"),
        article="法援法26; 148号令26",
        excludes=_inexperienced,
    ),
    ExclusionRule(
        flag=Exclusion.AWAY,
        code="X-03",
        name=N_("不在岗"),
        words=N_("{first}至{last}休假"),
        article="",
        excludes=lambda _lawyer, standing, _case, _on: standing.leave is not None,
    ),
    ExclusionRule(
        flag=Exclusion.OUTSIDE,
        code="X-04",
        name=N_("不在服务范围"),
        words=N_("不承办这个县区的案件"),
        article="",
        excludes=_outside,
    ),
    ExclusionRule(
        flag=Exclusion.OVER_CAP,
        code="X-05",
        name=N_("超上限"),
        words=N_("在办和待回复共 {load} 件，上限 {cap} 件"),
        article="",
        excludes=lambda lawyer, standing, _case, _on: standing.load >= lawyer.cap,
    ),
    ExclusionRule(
        flag=Exclusion.SUSPENDED,
        code="X-06",
        name=N_("暂停指派"),
        words=N_("已被暂停指派"),
        article="法援法60、63",
        excludes=lambda lawyer, _standing, _case, _on: lawyer.suspended,
    ),
    ExclusionRule(
        flag=Exclusion.MINORS,
        code="X-07",
        name=N_("未成年人案件"),
        words=N_("没有登记熟悉未成年人身心特点"),
        article="高法564; 148号令26(2)",
        excludes=lambda lawyer, _standing, case, _on: case.minor and not lawyer.minors,
    ),
    ExclusionRule(
        flag=Exclusion.DECLINED,
        code="X-08",
        name=N_("已退回"),
        words=N_("已退回过这件案件"),
        article="",
        excludes=lambda _lawyer, standing, _case, _on: standing.declined,
    ),
    ExclusionRule(
        flag=Exclusion.IN_CASE,
        code="X-09",
        name=N_("已在案"),
        words=N_("已在这件案件中，或正等他回复"),
        article="",
        excludes=lambda _lawyer, standing, _case, _on: standing.in_case,
    ),
)
"""The rules, by code."""
