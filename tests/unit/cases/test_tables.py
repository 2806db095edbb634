"""The worked tables of `docs/deadlines.md`: their ends, counted by hand."""

from datetime import date

import pytest

from server.cases.deadline_tables import RESTARTS, REVIEW, SUPPLEMENT, TABLES, count, restarted
from server.cases.deadlines.rules import Mode

# 2026: Feb 15–23 off, Feb 14 and 28 worked; May 1–5 off, May 9 worked; Oct 1–7 off, Oct 10 worked.
# 2028 is not published: Oct 1–5 are off by the regulation, weekends within nine days count as worked.
#   last day as counted, the end, whether it is provisional; one line a row of the document
ENDS: dict[Mode, list[tuple[date, date, bool]]] = {
    Mode.CALENDAR: [
        (date(2026, 10, 1), date(2026, 10, 8), False),
        (date(2026, 2, 15), date(2026, 2, 24), False),
        (date(2026, 2, 14), date(2026, 2, 14), False),
        (date(2026, 11, 21), date(2026, 11, 23), False),
        (date(2026, 5, 1), date(2026, 5, 6), False),
        (date(2026, 10, 1), date(2026, 10, 1), False),
        (date(2028, 10, 1), date(2028, 10, 5), True),
    ],
    Mode.PRESUMED: [
        (date(2026, 10, 3), date(2026, 10, 8), False),
        (date(2026, 10, 10), date(2026, 10, 10), False),  # 29, 30, 8, 9, and the Saturday that is worked
        (date(2026, 2, 16), date(2026, 2, 24), False),
        (date(2026, 2, 25), date(2026, 2, 25), False),  # the Saturday 14 that is worked, 24, 25
        (date(2028, 10, 1), date(2028, 10, 5), True),
    ],
    Mode.HOURS: [
        (date(2026, 10, 18), date(2026, 10, 18), False),
        (date(2026, 10, 2), date(2026, 10, 2), False),
        (date(2026, 2, 18), date(2026, 2, 18), False),
        (date(2027, 1, 1), date(2027, 1, 1), False),
        (date(2028, 10, 2), date(2028, 10, 2), False),
    ],
    Mode.WORKDAYS: [
        (date(2026, 10, 8), date(2026, 10, 8), False),
        (date(2026, 10, 10), date(2026, 10, 10), False),
        (date(2026, 2, 24), date(2026, 2, 24), False),
        (date(2028, 10, 5), date(2028, 10, 5), True),  # 29, the Saturday 30 that counts as worked, 5
    ],
    Mode.BEFORE: [
        (date(2026, 10, 11), date(2026, 10, 11), False),
        (date(2026, 10, 12), date(2026, 10, 12), False),
        (date(2026, 10, 4), date(2026, 10, 4), False),
        (date(2026, 2, 19), date(2026, 2, 19), False),
        (date(2026, 9, 29), date(2026, 9, 29), False),  # between: 9, 8, 30
        (date(2028, 10, 8), date(2028, 10, 8), True),  # between: 11, 10, 9; the Sunday 8 counts as worked
    ],
    Mode.MONTHS: [
        (date(2026, 3, 31), date(2026, 3, 31), False),
        (date(2026, 2, 28), date(2026, 2, 28), False),
        (date(2026, 3, 31), date(2026, 3, 31), False),
        (date(2026, 10, 1), date(2026, 10, 8), False),
        (date(2026, 10, 1), date(2026, 10, 1), False),
        (date(2026, 2, 17), date(2026, 2, 24), False),
        (date(2028, 10, 1), date(2028, 10, 5), True),
    ],
    Mode.APPEAL: [
        (date(2026, 10, 1), date(2026, 10, 8), False),
        (date(2026, 2, 16), date(2026, 2, 24), False),
        (date(2026, 12, 31), date(2026, 12, 31), False),
        (date(2028, 10, 1), date(2028, 10, 5), True),
    ],
}


@pytest.mark.parametrize("mode", list(TABLES))
def test_each_table_of_the_document_ends_as_counted_by_hand(mode: Mode) -> None:
    found = [count(row) for row in TABLES[mode]]
    assert [(each.last_day, each.due_on, each.provisional) for each in found] == ENDS[mode]
    assert {each.rule.mode for each in found} == {mode}


def test_every_mode_that_is_counted_has_a_table() -> None:
    assert set(TABLES) == set(Mode) - {Mode.NOT_MEASURED}


# What happens                       the review ends     the supplement ends; None: it is done
TURNS = [
    (date(2026, 4, 2), None),  # received 2 March; nothing was returned yet
    (None, date(2026, 4, 20)),
    (date(2026, 5, 15), None),
    (None, date(2026, 6, 10)),
    (date(2026, 7, 5), None),  # a Sunday: it does not move
    (date(2026, 7, 5), None),  # the third return is one too many
]


@pytest.mark.parametrize("steps", range(1, len(RESTARTS) + 1))
def test_a_review_begins_anew_after_each_of_two_supplementary_investigations(steps: int) -> None:
    found = restarted(steps)
    ends = {key: clock.deadline.due_on for key, clock in found.items() if clock.running}
    assert (ends.get(REVIEW), ends.get(SUPPLEMENT)) == TURNS[steps - 1]
