"""Each rule alone: the least that makes it exclude, and the most at which it does not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from server.cooperation.model import Excluded, Exclusion, Leave
from server.cooperation.rules import EXCLUSION_RULES, Standing, exclusions, explain, rules_of
from server.kernel.ids import OrganisationId
from tests.factories import case, profile

ON = date(2026, 9, 28)
AREA, OTHER_AREA = OrganisationId("area"), OrganisationId("other")
CASE = case(area_id=AREA)
LAWYER = profile(AREA)
LEAVE = Leave(account_id=LAWYER.account_id, from_day=date(2026, 9, 26), until_day=date(2026, 10, 8))

TABLE: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], Exclusion]] = [
    # the lawyer, the standing, the case, what excludes
    ({}, {}, {}, Exclusion(0)),
    ({}, {"conflict": True}, {}, Exclusion.CONFLICT),
    ({"criminal_defence_since": date(2023, 9, 29)}, {}, {"life_or_death": True}, Exclusion.EXPERIENCE),
    ({"criminal_defence_since": date(2023, 9, 28)}, {}, {"life_or_death": True}, Exclusion(0)),
    ({"criminal_defence_since": None}, {}, {"life_or_death": True}, Exclusion.EXPERIENCE),
    ({"criminal_defence_since": None}, {}, {}, Exclusion(0)),
    ({}, {"leave": LEAVE}, {}, Exclusion.AWAY),
    ({"area_id": OTHER_AREA}, {}, {}, Exclusion.OUTSIDE),
    ({"area_id": OTHER_AREA, "overflow": True}, {}, {}, Exclusion(0)),
    ({"counties": ("411722",)}, {}, {}, Exclusion.OUTSIDE),
    ({"counties": ("411722", "411723")}, {}, {}, Exclusion(0)),
    ({}, {"load": 9}, {}, Exclusion(0)),
    ({}, {"load": 10}, {}, Exclusion.OVER_CAP),
    ({"suspended": True}, {}, {}, Exclusion.SUSPENDED),
    ({}, {}, {"minor": True}, Exclusion.MINORS),
    ({"minors": True}, {}, {"minor": True}, Exclusion(0)),
    ({}, {"declined": True}, {}, Exclusion.DECLINED),
    ({}, {"in_case": True}, {}, Exclusion.IN_CASE),
    ({"suspended": True}, {"load": 10}, {}, Exclusion.SUSPENDED | Exclusion.OVER_CAP),
]


@pytest.mark.parametrize(("lawyer", "standing", "about", "expected"), TABLE)
def test_a_lawyer_is_excluded_by_just_the_rules_that_say_so(
    lawyer: dict[str, Any], standing: dict[str, Any], about: dict[str, Any], expected: Exclusion
) -> None:
    found = exclusions(replace(LAWYER, **lawyer), Standing(**standing), replace(CASE, **about), ON)
    assert found == expected


def test_every_rule_has_its_own_bit_and_code_and_is_in_the_table_above() -> None:
    assert [rule.flag for rule in EXCLUSION_RULES] == list(Exclusion)
    assert [rule.code for rule in EXCLUSION_RULES] == [
        f"X-{n:02}" for n in range(1, len(EXCLUSION_RULES) + 1)
    ]
    seen = Exclusion(0)
    for *_, expected in TABLE:
        seen |= expected
    assert set(seen) == set(Exclusion)


def test_it_can_be_said_that_one_rule_alone_stands_in_the_way() -> None:
    assert Excluded(account_id=LAWYER.account_id, rules=Exclusion.AWAY).only is Exclusion.AWAY
    assert Excluded(account_id=LAWYER.account_id, rules=Exclusion.AWAY | Exclusion.MINORS).only is None


def test_every_rules_words_find_what_fills_them() -> None:
    values = explain(LAWYER, Standing(leave=LEAVE, load=10), ON)
    for rule in rules_of(~Exclusion(0)):
        assert "{" not in rule.words.format_map(values)
