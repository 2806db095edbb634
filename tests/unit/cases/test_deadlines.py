"""Worked tables: each line is one deadline, with the calendar week drawn on top."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cases.deadlines import rules as rules_module
from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.counting import deadline
from server.cases.deadlines.engine import Clock, ClockState, Situation, clocks
from server.cases.deadlines.rules import Custody, DeadlineRule, Mode, rule_set
from server.cases.model import Procedure, Stage
from server.kernel.clock import CHINA, local_date

CALENDAR = Calendar()
RULES = {rule.id: rule for rule in rule_set().rules}


MOVING = {Mode.CALENDAR, Mode.PRESUMED, Mode.APPEAL}
"""Modes whose last day is a number of calendar days from the trigger, and moves over days off."""


def china(month: int, day: int, hour: int = 9, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


# Three days of Legal Aid Law 36 (A05), autumn 2026.   W worked  w weekend  H holiday  M make-up
#
#   Sep  Mo21 Tu22 We23 Th24 Fr25 Sa26 Su27   Mo28 Tu29 We30 Th01 Fr02 Sa03 Su04   Oct Mo05 Tu06 We07 Th08
#        W    W    W    W    H    w    w      W    W    W    H    H    H    w          H    H    H    W
THREE_DAYS = [
    # received        counted   last day  due       days off over which the end moved
    (china(9, 21), (9, 22), (9, 24), (9, 24), []),
    (china(9, 22), (9, 23), (9, 25), (9, 28), ["中秋节", "", ""]),
    (china(9, 24), (9, 25), (9, 27), (9, 28), [""]),
    (china(9, 25), (9, 26), (9, 28), (9, 28), []),
    (china(9, 28), (9, 29), (10, 1), (10, 8), ["国庆节"] * 3 + [""] + ["国庆节", "休息日", "休息日"]),
    (china(9, 28, 0, 0), (9, 29), (10, 1), (10, 8), ["国庆节"] * 3 + [""] + ["国庆节", "休息日", "休息日"]),
    (china(9, 27, 23, 59), (9, 28), (9, 30), (9, 30), []),
    # Oct 10 is a Saturday that is worked: the end stays.
    (china(10, 7), (10, 8), (10, 10), (10, 10), []),
]


@pytest.mark.parametrize(("received", "counted", "last", "due", "names"), THREE_DAYS)
def test_three_days_end_with_the_first_worked_day_from_the_third_on(
    received: datetime,
    counted: tuple[int, int],
    last: tuple[int, int],
    due: tuple[int, int],
    names: list[str],
) -> None:
    found = deadline(RULES["A05"], received, CALENDAR)
    assert found.counted_from == date(2026, *counted)
    assert found.last_day == date(2026, *last)
    assert found.due_on == date(2026, *due)
    assert [day.name for day in found.skipped] == names
    assert found.moved == bool(names)
    assert found.due_at == datetime(2026, *due, tzinfo=CHINA) + timedelta(days=1)
    assert found.presumed
    assert not found.provisional


def test_forty_eight_hours_run_through_a_holiday_and_the_law_counts_from_the_next_full_hour() -> None:
    found = deadline(RULES["M01"], china(9, 30, 9, 12), CALENDAR)
    assert found.due_at == china(10, 2, 9, 12)
    assert found.limit_at == china(10, 2, 10)
    assert (found.moved, found.skipped) == (False, ())


def test_hours_that_begin_on_the_hour_have_one_end_only() -> None:
    found = deadline(RULES["M01"], china(9, 21, 9), CALENDAR)
    assert found.due_at == found.limit_at == china(9, 23, 9)


def test_an_end_in_a_year_without_a_published_calendar_is_provisional() -> None:
    found = deadline(RULES["A05"], china(9, 29, year=2027), CALENDAR)
    assert found.provisional


@given(
    rule=st.sampled_from(
        [rule for rule in RULES.values() if rule.mode in MOVING and rule.custody is Custody.NEVER]
    ),
    at=st.datetimes(datetime(2022, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_end_is_a_worked_day_never_before_the_last_and_every_day_between_is_off(
    rule: DeadlineRule, at: datetime
) -> None:
    found = deadline(rule, at, CALENDAR)
    assert CALENDAR.day(found.due_on).working
    assert found.last_day == local_date(at) + timedelta(days=rule.n)
    between = [found.last_day + timedelta(days=n) for n in range((found.due_on - found.last_day).days)]
    assert [day.date for day in found.skipped] == between
    assert not any(day.working for day in found.skipped)


def clocks_in(
    stage: Stage, facts: dict[str, datetime], now: datetime, *, in_custody: bool = False
) -> tuple[Clock, ...]:
    situation = Situation(stage=stage, facts=facts, in_custody=in_custody)
    return clocks(rule_set(), situation, calendar=CALENDAR, now=now)


def clock_of(key: str, facts: dict[str, datetime], now: datetime) -> Clock:
    found = clocks_in(Stage.PROSECUTION_REVIEW, facts, now)
    return next(clock for clock in found if clock.key == key)


def state_of(key: str, facts: dict[str, datetime], now: datetime) -> ClockState:
    return clock_of(key, facts, now).state


# Notice received Mo 21 Sep 09:00: due by the end of Th 24 Sep; soon from two days before.
@pytest.mark.parametrize(
    ("now", "accepted", "state"),
    [
        (china(9, 21, 10), None, ClockState.RUNNING),
        (china(9, 23, 0), None, ClockState.DUE_SOON),
        (china(9, 24, 23, 59), None, ClockState.DUE_SOON),
        (china(9, 25, 0), None, ClockState.OVERDUE),
        (china(9, 26), china(9, 24, 23, 59), ClockState.MET),
        (china(9, 26), china(9, 25, 0), ClockState.MET_LATE),
    ],
)
def test_a_clock_says_how_it_stands(now: datetime, accepted: datetime | None, state: ClockState) -> None:
    facts = {"lai_received_agency_notice": china(9, 21)}
    if accepted is not None:
        facts["lawyer_assigned"] = accepted
    assert state_of("assign_lawyer", facts, now) is state


def test_what_was_done_before_a_duty_began_anew_does_not_meet_it() -> None:
    facts = {"first_meeting_held": china(9, 22), "lawyer_accepted_assignment": china(9, 24)}
    assert state_of("meet_client", facts, china(9, 24)) is ClockState.RUNNING
    again = facts | {"first_meeting_held": china(9, 25)}
    assert state_of("meet_client", again, china(9, 25)) is ClockState.MET


def test_of_statute_and_policy_the_earlier_end_counts_and_the_other_is_shown_beside_it() -> None:
    facts = {
        "agency_found_art25_1_or_art28": china(9, 21),
        "procuratorate_received_case_file": china(9, 16),
    }
    clock = clock_of("notify_legal_aid", facts, china(9, 21))
    assert (clock.deadline.rule.id, clock.deadline.due_on) == ("S02", date(2026, 9, 21))
    assert [other.rule.id for other in clock.others] == ["A04"]
    later = facts | {"procuratorate_received_case_file": china(9, 21)}
    clock = clock_of("notify_legal_aid", later, china(9, 21))
    assert (clock.deadline.rule.id, clock.deadline.due_on) == ("A04", date(2026, 9, 24))


def test_a_rule_that_is_not_verified_is_shown_but_never_alarms() -> None:
    facts = {"firm_arranged_or_received_assignment": china(9, 1)}
    assert not RULES["A14"].verified
    assert state_of("sign_agreement", facts, china(9, 28)) is ClockState.UNVERIFIED_PAST


def test_a_rule_does_not_reach_back_before_its_source_was_in_force() -> None:
    facts = {"lai_received_agency_notice": china(12, 31, year=2021)}
    assert clocks_in(Stage.FIRST_INSTANCE, facts, china(9, 21)) == ()


def test_papers_are_filed_with_a_court_only() -> None:
    facts = {"lawyer_accepted_assignment": china(9, 21)}
    keys = {stage: [clock.key for clock in clocks_in(stage, facts, china(9, 21))] for stage in Stage}
    assert keys[Stage.FIRST_INSTANCE] == ["meet_client", "file_papers", "report_progress"]
    assert keys[Stage.INVESTIGATION] == ["meet_client", "report_progress"]


def test_the_internal_target_is_marked_as_such() -> None:
    assert RULES["S05"].internal
    assert not RULES["A05"].internal


def test_every_trigger_and_end_of_a_clock_is_a_plain_word() -> None:
    folder = Path(rules_module.__file__).parent
    entries = tomllib.loads((folder / "rules.toml").read_text(encoding="utf-8"))["rule"]
    assert {entry["id"] for entry in entries} == set(RULES)
    assert all(key.isidentifier() for clock in rule_set().clocks for key in clock.done)


@pytest.mark.parametrize(
    ("procedure", "rule_id", "due"),
    [
        (Procedure.ORDINARY, "T07", date(2026, 11, 21)),
        (Procedure.SUMMARY, "T08", date(2026, 10, 11)),
        (Procedure.FAST_TRACK, "T09", date(2026, 10, 1)),
    ],
)
def test_the_limit_of_a_trial_is_that_of_its_procedure(procedure: Procedure, rule_id: str, due: date) -> None:
    situation = Situation(
        stage=Stage.FIRST_INSTANCE,
        facts={"court_accepted_case": china(9, 21), "before_hearing": china(9, 29)},
        procedure=procedure,
        in_custody=True,
    )
    found = {clock.key: clock for clock in clocks(rule_set(), situation, calendar=CALENDAR, now=china(9, 21))}
    assert found["try_case"].deadline.rule.id == rule_id
    assert found["try_case"].deadline.due_on == due
    assert ("serve_indictment" in found) == (procedure is Procedure.ORDINARY)
    assert "hand_in_evidence" in found
