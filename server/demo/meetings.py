"""Books the demo's meetings around today, some of them held, some waiting for the facility's answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from typing import assert_never

from server.cases.model import AssignmentKind, CaseStatus
from server.demo.story import At, Cast
from server.kernel.clock import CHINA, local_date
from server.kernel.identity import Identity, Role
from server.kernel.ids import CaseId, OrganisationId
from server.people.model import OrganisationKind
from server.rooms.events import Become
from server.rooms.model import EndReason, Meeting, MeetingStatus
from server.rooms.service import approve_booking, move_meeting
from server.scheduling.model import Booking, FacilityPractice, Hold, OpeningPeriod, Purpose, ReasonCode, Slot
from server.scheduling.policy import SlotTaken
from server.scheduling.service.deciding import Refuse, refuse
from server.scheduling.service.holding import hold_slot, submit
from server.scheduling.service.records import case_to_book
from server.scheduling.service.searching import HoldSlot, alternatives_to
from storage.database import SqlTransaction

ALWAYS_OPEN = "平舆县看守所"
"""The demo is opened at any hour of any day, and a meeting has to be near."""
_SOON = timedelta(minutes=10)
_STEP = timedelta(minutes=5)
_ASKED_BEFORE = timedelta(hours=20)
_ASKED_AGO = timedelta(hours=5)
_ANSWERED_AFTER = timedelta(hours=2)


class Outcome(Enum):
    """What has become of a booking."""

    HELD = "held"
    CONFIRMED = "confirmed"
    REQUESTED = "requested"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Plan:
    """A meeting that the recipient's lead lawyer books."""

    recipient: str
    day: int
    """How many days from today."""
    at: time | timedelta
    """A time of that day, or how long after now."""
    minutes: int
    outcome: Outcome
    purpose: Purpose = Purpose.VERIFY_EVIDENCE


_PLANS = (
    Plan("张某", -6, time(10), 60, Outcome.HELD, Purpose.FIRST_MEETING),
    Plan("张某", -1, time(15), 60, Outcome.HELD),
    Plan("刘某", -3, time(9, 30), 30, Outcome.HELD, Purpose.FIRST_MEETING),
    Plan("张某", 0, _SOON, 60, Outcome.CONFIRMED),
    Plan("丁某", 0, timedelta(minutes=35), 60, Outcome.CONFIRMED, Purpose.PLEA),
    Plan("刘某", 0, timedelta(minutes=150), 30, Outcome.REQUESTED, Purpose.OTHER),
    Plan("王某", 1, time(9), 60, Outcome.REQUESTED),
    Plan("孟某", 1, time(10, 30), 60, Outcome.REQUESTED),
    Plan("任某某", 1, time(15), 60, Outcome.CONFIRMED, Purpose.FIRST_MEETING),
    Plan("冯某", 1, time(14, 30), 60, Outcome.REFUSED, Purpose.FIRST_MEETING),
    Plan("康某", 1, time(9, 30), 90, Outcome.CONFIRMED),
    Plan("庞某", 1, time(10), 60, Outcome.REQUESTED),
    Plan("龙某", 1, time(9), 60, Outcome.CONFIRMED),
    Plan("殷某", 2, time(15), 60, Outcome.CONFIRMED),
    Plan("申某", 2, time(10), 60, Outcome.REQUESTED, Purpose.PLEA),
    Plan("薛某", 1, time(11), 60, Outcome.REQUESTED, Purpose.FIRST_MEETING),
    Plan("赵某", 2, time(9), 60, Outcome.CONFIRMED, Purpose.HEARING_PREPARATION),
)


async def play_meetings(cast: Cast, tx: SqlTransaction, now: datetime) -> None:
    """Book every meeting of the plan as its lawyer, and answer it as its facility."""
    facility = cast.organisations.named(ALWAYS_OPEN)
    await tx.slots.put_practice(_always_open(facility.id))
    cases = await _cases_by_recipient(cast, tx)
    for plan in sorted(_PLANS, key=lambda plan: plan.day):
        await _play(plan, cases[plan.recipient], cast, tx, now)


def _always_open(facility_id: OrganisationId) -> FacilityPractice:
    usual = FacilityPractice.usual(facility_id)
    return FacilityPractice(
        facility_id=facility_id,
        opening=tuple(OpeningPeriod(weekday=weekday, opens=time(0), closes=time(0)) for weekday in range(7)),
        turnaround=usual.turnaround,
        guard_viewing=True,
    )


async def _cases_by_recipient(cast: Cast, tx: SqlTransaction) -> dict[str, CaseId]:
    """Return the open case of each recipient; in the demo's plans names are unambiguous."""
    worked_on = frozenset(status for status in CaseStatus if not status.closed)
    cases = [
        case.id
        for area in cast.organisations.of(OrganisationKind.COOPERATION_AREA)
        for case in await tx.cases.cases_of_area(area.id, worked_on)
    ]
    return {
        party.name: case_id for case_id, party in (await tx.cases.recipients_of(frozenset(cases))).items()
    }


async def _play(plan: Plan, case_id: CaseId, cast: Cast, tx: SqlTransaction, now: datetime) -> None:
    assignments = [each for each in await tx.cases.assignments_of(case_id) if each.open]
    lead = next(each.account_id for each in assignments if each.kind is AssignmentKind.LEAD)
    colleagues = frozenset(each.account_id for each in assignments) - {lead}
    lawyer = cast.people.by_id(lead).identity
    facility_id = (await case_to_book(case_id, lawyer, tx)).facility_id
    officer = cast.people.of(Role.FACILITY_OFFICER, facility_id).identity
    practice = await tx.slots.practice(facility_id)
    for slot in _slots(plan, now):
        clock = At(min(slot.starts_at - _ASKED_BEFORE, now - _ASKED_AGO))
        command = HoldSlot(
            case_id=case_id, starts_at=slot.starts_at, length=slot.length, colleagues=colleagues
        )
        if practice.is_open(slot) and (hold := await _held(command, lawyer, tx, clock)):
            booking = await submit(hold.id, plan.purpose, lawyer, tx, clock)
            await _answer(plan.outcome, booking, officer, tx, At(clock.moment + _ANSWERED_AFTER))
            return


async def _held(command: HoldSlot, lawyer: Identity, tx: SqlTransaction, clock: At) -> Hold | None:
    """Hold the slot, if everybody is free."""
    try:
        return await hold_slot(command, lawyer, tx, clock)
    except SlotTaken:
        return None


async def _answer(
    outcome: Outcome, booking: Booking, officer: Identity, tx: SqlTransaction, clock: At
) -> None:
    match outcome:
        case Outcome.REQUESTED:
            return
        case Outcome.REFUSED:
            offered = await alternatives_to(booking, tx, clock.now())
            await refuse(
                Refuse(
                    booking_id=booking.id,
                    version=booking.version,
                    reason=ReasonCode.INTERROGATION,
                    alternatives=frozenset(each.slot.starts_at for each in offered),
                ),
                officer,
                tx,
                clock,
            )
        case Outcome.CONFIRMED | Outcome.HELD:
            meeting = await approve_booking(booking.id, booking.version, officer, tx, clock)
            if outcome is Outcome.HELD:
                await _hold_meeting(meeting, tx)
        case _:
            assert_never(outcome)


async def _hold_meeting(meeting: Meeting, tx: SqlTransaction) -> None:
    for at, status, reason in (
        (meeting.starts_at, MeetingStatus.OPEN, None),
        (meeting.starts_at, MeetingStatus.IN_SESSION, None),
        (meeting.ends_at, MeetingStatus.CLOSED, EndReason.TIME_OVER),
    ):
        await move_meeting(meeting.id, Become(status, reason), tx, At(at))


def _slots(plan: Plan, now: datetime) -> Iterator[Slot]:
    """Yield the planned slot, then later ones: a facility may be closed."""
    if isinstance(plan.at, timedelta):
        asked = now + plan.at
        since_full = timedelta(minutes=asked.minute % 5, seconds=asked.second, microseconds=asked.microsecond)
        starts_at = asked + (_STEP - since_full) % _STEP
    else:
        starts_at = datetime.combine(local_date(now) + timedelta(days=plan.day), plan.at, CHINA)
    while True:
        yield Slot.of(starts_at, timedelta(minutes=plan.minutes))
        starts_at += _STEP
