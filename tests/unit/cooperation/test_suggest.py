from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cases.model import Case
from server.cases.offences import OffenceGroup, group_of
from server.cases.wording import FACTORS
from server.cooperation.factors import score, weights
from server.cooperation.model import Exclusion, LawyerProfile
from server.cooperation.rules import Standing
from server.cooperation.suggest import Weighed, suggest
from server.kernel.ids import AccountId, OrganisationId
from tests.factories import case, profile

ON = date(2026, 9, 28)
AREA = OrganisationId("area")
CASE = case(area_id=AREA, offence="故意伤害")


def points(
    factor: str,
    lawyer: LawyerProfile | None = None,
    standing: Standing | None = None,
    about: Case = CASE,
) -> float:
    parts = score(lawyer or profile(AREA), standing or Standing(), about, ON, weights())
    return next(part.points for part in parts if part.factor == factor)


@pytest.mark.parametrize(
    ("specialities", "since", "expected"),
    [
        ((OffenceGroup.PERSON,), date(2016, 9, 1), 40.0),
        ((OffenceGroup.PERSON,), None, 24.0),
        ((OffenceGroup.DRUGS,), date(2006, 9, 1), 16.0),
        ((), date(2021, 9, 1), 8.0),
        ((), None, 0.0),
    ],
)
def test_expertise_counts_the_field_and_up_to_ten_years(
    specialities: tuple[OffenceGroup, ...], since: date | None, expected: float
) -> None:
    lawyer = profile(AREA, specialities=specialities, criminal_defence_since=since)
    assert points("expertise", lawyer) == expected


@pytest.mark.parametrize(("load", "expected"), [(0, 25.0), (2, 24.0), (4, 21.0), (6, 16.0), (8, 9.0)])
def test_each_further_case_costs_more_than_the_one_before(load: int, expected: float) -> None:
    assert points("workload", standing=Standing(load=load)) == expected


@pytest.mark.parametrize(
    ("region", "area", "expected"),
    [("411723", AREA, 15.0), ("411702", AREA, 10.5), ("411500", AREA, 6.0), ("410100", "other", 3.0)],
)
def test_the_nearer_lawyer_gets_more(region: str, area: str, expected: float) -> None:
    assert points("distance", profile(OrganisationId(area), region_code=region)) == expected


def test_who_defended_before_and_who_speaks_the_language_gets_more() -> None:
    assert points("continuity", standing=Standing(earlier_stage=True)) == 10
    assert points("continuity") == 0
    uyghur = replace(CASE, language="ug")
    assert points("language", about=uyghur) == 0
    assert points("language", profile(AREA, languages=("zh", "ug")), about=uyghur) == 10


def test_the_weights_are_named_as_the_factors_are() -> None:
    assert list(weights().points) == list(FACTORS)


@given(loads=st.lists(st.integers(0, 12), max_size=30))
def test_everyone_comes_out_once_ranked_or_excluded_and_the_ranks_fall(loads: list[int]) -> None:
    pool = [
        Weighed(profile(AREA, account_id=AccountId(f"lawyer {n:02}")), Standing(load=load))
        for n, load in enumerate(loads)
    ]
    found = suggest(CASE, pool, ON, weights())
    names = [each.account_id for each in found.candidates] + [each.account_id for each in found.excluded]
    assert sorted(names) == sorted(each.lawyer.account_id for each in pool)
    totals = [candidate.total for candidate in found.candidates]
    assert totals == sorted(totals, reverse=True)
    assert [candidate.rank for candidate in found.candidates] == list(range(1, len(totals) + 1))
    assert found.counts[Exclusion.OVER_CAP] == len(found.excluded)
    assert suggest(CASE, reversed(pool), ON, weights()).candidates == found.candidates


@pytest.mark.parametrize(
    ("offence", "group"),
    [
        ("盗窃", OffenceGroup.PROPERTY),
        ("盗窃罪", OffenceGroup.PROPERTY),
        ("帮助信息网络犯罪活动罪", OffenceGroup.CYBER),
        ("私放在押人员罪", OffenceGroup.OTHER),
    ],
)
def test_a_charge_belongs_to_a_field(offence: str, group: OffenceGroup) -> None:
    assert group_of(offence) is group
