from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.ids import AccountId, BookingId, OrganisationId, PartyId, TerminalId
from server.scheduling.ledger import People, Search, alternatives, claims_for, free_terminals, is_free
from server.scheduling.model import (
    BOOKING_TRANSITIONS,
    GRANULE,
    PENDING,
    BookingStatus,
    FacilityPractice,
    OffTheGrid,
    OpeningPeriod,
    ResourceKind,
    Slot,
    resource,
)

MONDAY_0912 = datetime(2026, 9, 28, 1, 12, tzinfo=UTC)
"""Monday 28 September 2026, 09:12 in China."""
HOUR = timedelta(hours=1)
FACILITY = OrganisationId("f" * 26)
ONE, TWO = TerminalId("1" * 26), TerminalId("2" * 26)
PEOPLE = People(
    party_id=PartyId("p" * 26), lawyer_ids=(AccountId("a" * 26),), interpreter_id=AccountId("b" * 26)
)


def china(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 9, day, hour - 8, minute, tzinfo=UTC)


def search(busy: dict[str, set[datetime]] | None = None) -> Search:
    return Search(
        practice=FacilityPractice.usual(FACILITY),
        terminals=(ONE, TWO),
        people=PEOPLE,
        busy={resource(*_split(name)): starts for name, starts in (busy or {}).items()},
    )


def _split(name: str) -> tuple[ResourceKind, str]:
    kind, _, identifier = name.partition(":")
    return ResourceKind(kind), identifier


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (china(28, 9, 1), HOUR),
        (china(28, 9) + timedelta(seconds=1), HOUR),
        (china(28, 9), timedelta(minutes=7)),
        (china(28, 9), timedelta(0)),
        (china(28, 9), -HOUR),
    ],
)
def test_rule_7_a_slot_off_the_five_minute_grid_is_refused(start: datetime, length: timedelta) -> None:
    with pytest.raises(OffTheGrid):
        Slot.of(start, length)


@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(0, 10**6), st.integers(1, 60))
def test_two_slots_overlap_exactly_when_they_share_a_granule(a: int, an: int, b: int, bn: int) -> None:
    first = Slot.of(MONDAY_0912.replace(minute=0) + a % 90 * GRANULE, an * GRANULE)
    second = Slot.of(MONDAY_0912.replace(minute=0) + b % 90 * GRANULE, bn * GRANULE)
    assert first.overlaps(second) == bool(set(first.granules()) & set(second.granules()))
    assert first.overlaps(second) == second.overlaps(first)


def test_a_booking_claims_terminal_lawyer_client_and_interpreter_in_sorted_order() -> None:
    slot = Slot.of(china(28, 10), timedelta(minutes=10))
    rows = claims_for(BookingId("k" * 26), slot, terminal_id=ONE, people=PEOPLE, turnaround=GRANULE)
    assert list(rows) == sorted(rows)
    claimed: dict[str, int] = {}
    for row in rows:
        claimed[row.resource_id.partition(":")[0]] = claimed.get(row.resource_id.partition(":")[0], 0) + 1
    assert claimed == {"client": 2, "interpreter": 2, "lawyer": 2, "terminal": 3}


def test_a_terminal_is_not_free_during_the_turnaround_of_the_next_meeting() -> None:
    busy = {resource(ResourceKind.TERMINAL, ONE): {china(28, 10)}}
    before = Slot.of(china(28, 9), HOUR)
    assert is_free(busy, resource(ResourceKind.TERMINAL, ONE), before)
    assert free_terminals(busy, before, terminals=(ONE, TWO), turnaround=GRANULE) == (TWO,)
    assert free_terminals(busy, before, terminals=(ONE, TWO), turnaround=timedelta(0)) == (ONE, TWO)


@pytest.mark.parametrize(
    ("day", "hour", "minute", "open_"),
    [
        (28, 9, 0, True),  # Monday morning, from the first minute
        (28, 11, 0, True),  # ends at noon sharp
        (28, 11, 5, False),  # would run into the noon break
        (28, 12, 30, False),
        (28, 14, 0, True),
        (28, 17, 0, True),
        (28, 17, 30, False),
        (27, 10, 0, False),  # Sunday
    ],
)
def test_a_facility_is_open_only_for_slots_within_one_period(
    day: int, hour: int, minute: int, *, open_: bool
) -> None:
    practice = FacilityPractice.usual(FACILITY)
    assert practice.is_open(Slot.of(china(day, hour, minute), HOUR)) is open_


@pytest.mark.parametrize(
    ("closes", "weekdays", "open_"),
    [
        (time(0), range(7), True),  # day and night
        (time(0), (0, 2, 3, 4, 5, 6), False),  # Monday to its end, but not on Tuesday
        (time(23, 55), range(7), False),  # five minutes a day, everyone is in the cells
    ],
)
def test_a_slot_over_midnight_is_open_where_the_next_day_follows_without_a_gap(
    closes: time, weekdays: Iterable[int], *, open_: bool
) -> None:
    practice = FacilityPractice(
        facility_id=FACILITY,
        opening=tuple(OpeningPeriod(weekday=day, opens=time(0), closes=closes) for day in weekdays),
        turnaround=GRANULE,
        guard_viewing=False,
    )
    assert practice.is_open(Slot.of(china(28, 23, 30), HOUR)) is open_


def test_a_refused_slot_comes_with_the_nearest_free_ones() -> None:
    wanted = Slot.of(china(29, 10), HOUR)
    lawyer = f"lawyer:{PEOPLE.lawyer_ids[0]}"
    found = alternatives(
        search({lawyer: set(Slot.of(china(29, 9), 2 * HOUR).granules())}), wanted, now=MONDAY_0912
    )
    assert [each.slot.starts_at for each in found] == [china(29, 11), china(29, 14), china(29, 14, 30)]
    assert {each.terminal_id for each in found} == {ONE}


def test_alternatives_are_never_in_the_past_and_never_the_refused_slot_itself() -> None:
    wanted = Slot.of(china(28, 9, 30), HOUR)
    found = alternatives(search(), wanted, now=MONDAY_0912)
    assert found
    assert all(each.slot.starts_at > MONDAY_0912 and each.slot != wanted for each in found)


def test_a_second_terminal_is_offered_when_the_first_is_taken() -> None:
    taken = {f"terminal:{ONE}": set(Slot.of(china(28, 8), timedelta(days=14)).granules())}
    found = alternatives(search(taken), Slot.of(china(29, 10), HOUR), now=MONDAY_0912)
    assert {each.terminal_id for each in found} == {TWO}


def test_a_booking_never_leaves_an_end_and_only_pending_ones_wait() -> None:
    ends = {status for status, following in BOOKING_TRANSITIONS.items() if not following}
    assert ends == {BookingStatus.HELD, BookingStatus.NO_SHOW, BookingStatus.CANCELLED}
    assert set(BOOKING_TRANSITIONS) == set(BookingStatus)
    assert all(BookingStatus.CONFIRMED in BOOKING_TRANSITIONS[status] for status in PENDING)
