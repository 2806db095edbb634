"""What is done with meetings outside the live room: opened by a booking, found, entered by code, closed."""

import hmac
from dataclasses import replace
from typing import TypeVar

from server.cases.model import Assignment
from server.cases.policy import relation_to_case
from server.kernel.clock import Clock
from server.kernel.errors import NotAllowed, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, BookingId, MeetingId, ParticipantId, TerminalId, new_id
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.guesses import check_wait
from server.people.model import Attempts, Terminal
from server.people.policy import after_failure, relation_to_terminal
from server.rooms.events import Become, Fact
from server.rooms.model import (
    CodeAccepted,
    EndReason,
    Meeting,
    MeetingEvent,
    MeetingMoved,
    MeetingStatus,
    OfficerAnswered,
    OfficerSummoned,
    Participant,
    ParticipantKind,
    ParticipantNoted,
    TerminalWiped,
    Visit,
)
from server.rooms.policy import (
    KIND_OF,
    ViewingOff,
    WrongMeetingCode,
    check_joinable,
    new_code,
    relation_to_meeting,
)
from server.rooms.ports import RoomsTx
from server.scheduling.model import Booking, ReasonCode
from server.scheduling.service.deciding import approve, cancel
from server.scheduling.service.ending import mark_held, mark_missed
from server.scheduling.service.ending import withdraw_lawyer as withdraw_bookings

EventT = TypeVar("EventT", bound=MeetingEvent)

SERVER = "server:-"
"""The actor of what nobody did: time passed."""


async def approve_booking(
    booking_id: BookingId, version: int, identity: Identity, tx: RoomsTx, clock: Clock
) -> Meeting:
    """Say yes for the facility and open the meeting; raises as `scheduling.service.approve`."""
    booking = await approve(booking_id, version, identity, tx, clock)
    return await open_meeting(booking, tx)


async def open_meeting(booking: Booking, tx: RoomsTx) -> Meeting:
    """Make the meeting of a confirmed booking, with a place for everyone whom it names."""
    recipients = await tx.cases.recipients_of(frozenset({booking.case_id}))
    recipient = recipients.get(booking.case_id)
    codes = {other.code for other in await tx.rooms.meetings_at(booking.terminal_id)}
    code = new_code()
    while code in codes:
        code = new_code()
    meeting = Meeting(
        id=MeetingId(booking.id),
        booking_id=booking.id,
        case_id=booking.case_id,
        facility_id=booking.facility_id,
        terminal_id=booking.terminal_id,
        recipient_name="" if recipient is None else recipient.name,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        status=MeetingStatus.SCHEDULED,
        code=code,
    )
    await tx.rooms.add_meeting(meeting)
    terminal_id = meeting.terminal_id
    await tx.rooms.add_participant(
        _place(meeting, ParticipantKind.RECIPIENT, meeting.recipient_name, terminal_id=terminal_id)
    )
    invited = set(booking.lawyer_ids) | ({booking.interpreter_id} - {None})
    accounts = await tx.people.accounts(frozenset(each for each in invited if each is not None))
    for account in accounts.values():
        place = _place(meeting, KIND_OF[account.role], account.name, account_id=account.id)
        await tx.rooms.add_participant(place)
    return meeting


async def cancel_meeting(
    booking_id: BookingId, reason: ReasonCode, identity: Identity, tx: RoomsTx, clock: Clock
) -> None:
    """Take a booking back and close its meeting, if there is one already."""
    await cancel(booking_id, reason, identity, tx, clock)
    meeting = await tx.rooms.meeting(MeetingId(booking_id))
    if meeting is not None:
        await _move(meeting, Become(MeetingStatus.CLOSED, EndReason.CANCELLED), identity.actor, tx, clock)


async def withdraw_lawyer(ended: Assignment, identity: Identity, tx: RoomsTx, clock: Clock) -> None:
    """Free what an ended assignment's lawyer had claimed, and close the meetings that nobody is left for."""
    for booking in await withdraw_bookings(ended.case_id, ended.account_id, identity.actor, tx, clock):
        meeting = await tx.rooms.meeting(MeetingId(booking.id))
        if meeting is not None:
            closed = Become(MeetingStatus.CLOSED, EndReason.CANCELLED)
            await _move(meeting, closed, identity.actor, tx, clock)


async def find_meeting(meeting_id: MeetingId, identity: Identity, action: Action, tx: RoomsTx) -> Meeting:
    """Return the meeting if `identity` may do `action` with it.

    Raises:
        NotFound: there is none, or it is none of theirs: the two look alike.
        NotAllowed: it is theirs, but `action` is not.
        ViewingOff: they may watch in general, but this facility does not.
    """
    meeting = await tx.rooms.meeting(meeting_id)
    case = None if meeting is None else await tx.cases.case(meeting.case_id)
    if meeting is None or case is None or case.sealed_at is not None:
        raise NotFound
    visit = None if identity.terminal_id is None else await tx.rooms.visit(identity.terminal_id)
    participants = await tx.rooms.participants_of(meeting_id)
    relation = relation_to_meeting(
        identity,
        meeting,
        to_case=relation_to_case(identity, case, await tx.cases.assignments_of(case.id)),
        visit=visit if visit is not None and visit.agreed else None,
        invited=any(_is_place_of(identity, each) for each in participants),
    )
    require(identity.role, action, relation)
    if action is Action.WATCH_MEETING and not (await tx.slots.practice(meeting.facility_id)).guard_viewing:
        raise ViewingOff
    return meeting


async def take_place(
    meeting_id: MeetingId, identity: Identity, action: Action, tx: RoomsTx, clock: Clock
) -> tuple[Meeting, Participant]:
    """Return the identity's place in a meeting that can be joined now, making it for one who is new.

    Raises:
        NotFound, NotAllowed, ViewingOff: as `find_meeting`.
        NotAllowed: their account took part in another capacity; nobody is two kinds of participant.
        NotYetOpen, MeetingOver: it can't be joined now.
    """
    meeting = await find_meeting(meeting_id, identity, action, tx)
    check_joinable(meeting, clock.now())
    kind = KIND_OF[identity.role]
    for participant in await tx.rooms.participants_of(meeting_id):
        if _is_place_of(identity, participant):
            return meeting, participant
        if identity.account_id is not None and participant.account_id == identity.account_id:
            raise NotAllowed
    made = _place(meeting, kind, identity.name, account_id=identity.account_id)
    await tx.rooms.add_participant(made)
    return meeting, made


def _is_place_of(identity: Identity, participant: Participant) -> bool:
    """Tell whether the place is the identity's, as what it takes part now: an account's role may change."""
    by_account = identity.account_id is not None and participant.account_id == identity.account_id
    by_terminal = identity.terminal_id is not None and participant.terminal_id == identity.terminal_id
    return (by_account or by_terminal) and participant.kind is KIND_OF.get(identity.role)


# The live room's news.


async def move_meeting(meeting_id: MeetingId, become: Become, tx: RoomsTx, clock: Clock) -> None:
    """Store what became of a live meeting; one that was held is noted on its booking."""
    meeting = await tx.rooms.meeting(meeting_id)
    if meeting is not None and meeting.status is not MeetingStatus.CLOSED:
        await _move(meeting, become, SERVER, tx, clock)


async def close_overdue(tx: RoomsTx, clock: Clock) -> tuple[MeetingId, ...]:
    """Close the meetings whose time is over and that nobody closed, and return them."""
    over = await tx.rooms.meetings_over(clock.now())
    for meeting in over:
        await _move(meeting, Become(MeetingStatus.CLOSED, EndReason.TIME_OVER), SERVER, tx, clock)
    return tuple(meeting.id for meeting in over)


async def note(meeting: Meeting, participant: Participant, fact: Fact, tx: RoomsTx, clock: Clock) -> None:
    """Write to the log who came, went, or watches; bring a call to the desk."""
    terminal = await tx.people.terminal(meeting.terminal_id)
    if fact is Fact.OFFICER_CALLED and terminal is not None:
        await summon_officer(terminal, SERVER, tx, clock)
    role = participant.kind.value
    tx.record(
        ParticipantNoted(
            actor=f"{role}:{participant.account_id or participant.terminal_id}",
            meeting_id=meeting.id,
            case_id=meeting.case_id,
            facility_id=meeting.facility_id,
            participant_id=participant.id,
            fact=fact.value,
        )
    )


# The kiosk.


async def enter_code(code: str, identity: Identity, units: Units[RoomsTx], clock: Clock) -> Meeting:
    """Let the terminal show the meeting that has this code, can be joined now, and takes place there.

    Raises:
        WrongMeetingCode: there is none.
        TooManyAttempts: this terminal has to wait.
    """
    terminal_id = _terminal(identity)
    subject = f"kiosk:{terminal_id}"
    async with units.transaction() as tx:
        now = clock.now()
        check_wait(await tx.people.attempts(subject), now)
        for meeting in await tx.rooms.meetings_at(terminal_id):
            if meeting.is_joinable(now) and hmac.compare_digest(meeting.code.encode(), code.encode()):
                await tx.people.put_attempts(Attempts(subject=subject, failures=0, blocked_until=None))
                await tx.rooms.put_visit(
                    Visit(terminal_id=terminal_id, meeting_id=meeting.id, agreed=False, began_at=now)
                )
                tx.record(_event(CodeAccepted, meeting, identity))
                return meeting
        await tx.people.put_attempts(after_failure(await tx.people.attempts(subject), now))
    raise WrongMeetingCode


async def agree(identity: Identity, tx: RoomsTx) -> None:
    """Note that the recipient heard the notice and wants to begin; the waiting room opens to the terminal.

    On a terminal that shows no meeting it changes nothing.
    """
    visit = await tx.rooms.visit(_terminal(identity))
    if visit is not None:
        await tx.rooms.put_visit(replace(visit, agreed=True))


async def wipe(identity: Identity, tx: RoomsTx) -> None:
    """Have the terminal forget the meeting; repeated, it changes nothing."""
    terminal_id = _terminal(identity)
    visit = await tx.rooms.visit(terminal_id)
    if visit is None:
        return
    await tx.rooms.end_visit(terminal_id)
    meeting = await tx.rooms.meeting(visit.meeting_id)
    if meeting is not None:
        tx.record(_event(TerminalWiped, meeting, identity))


async def summon_officer(terminal: Terminal, actor: str, tx: RoomsTx, clock: Clock) -> None:
    """Call the officer on duty to the terminal; the call stands on the desk until it is answered."""
    visit = await tx.rooms.visit(terminal.id)
    if visit is not None:
        await tx.rooms.put_visit(replace(visit, called_at=clock.now()))
    tx.record(OfficerSummoned(actor=actor, terminal_id=terminal.id, facility_id=terminal.facility_id))


async def answer_call(terminal_id: TerminalId, identity: Identity, tx: RoomsTx) -> None:
    """Take the call off the desk: the officer goes there.

    Raises:
        NotFound: the terminal is none of their facility's.
    """
    terminal = await tx.people.terminal(terminal_id)
    if terminal is None:
        raise NotFound
    require(identity.role, Action.ANSWER_CALL, relation_to_terminal(identity, terminal))
    visit = await tx.rooms.visit(terminal_id)
    if visit is not None and visit.called_at is not None:
        await tx.rooms.put_visit(replace(visit, called_at=None))
        tx.record(
            OfficerAnswered(actor=identity.actor, terminal_id=terminal.id, facility_id=terminal.facility_id)
        )


def _terminal(identity: Identity) -> TerminalId:
    require(identity.role, Action.USE_KIOSK, Relation.NO_RECORD)
    if identity.terminal_id is None:
        raise NotFound
    return identity.terminal_id


def _place(
    meeting: Meeting,
    kind: ParticipantKind,
    name: str,
    *,
    account_id: AccountId | None = None,
    terminal_id: TerminalId | None = None,
) -> Participant:
    return Participant(
        id=ParticipantId(new_id()),
        meeting_id=meeting.id,
        kind=kind,
        name=name,
        account_id=account_id,
        terminal_id=terminal_id,
    )


async def _move(meeting: Meeting, become: Become, actor: str, tx: RoomsTx, clock: Clock) -> None:
    now = clock.now()
    closed = become.status is MeetingStatus.CLOSED
    took_place = become.status is MeetingStatus.IN_SESSION
    moved = replace(
        meeting,
        status=become.status,
        opened_at=now if took_place and meeting.opened_at is None else meeting.opened_at,
        closed_at=now if closed else None,
        end_reason=become.reason,
    )
    await tx.rooms.put_meeting(moved)
    if closed and meeting.opened_at is not None:
        await mark_held(meeting.booking_id, meeting.opened_at, actor, tx)
    elif closed:
        await mark_missed(meeting.booking_id, actor, tx)
    tx.record(
        MeetingMoved(
            actor=actor,
            meeting_id=meeting.id,
            case_id=meeting.case_id,
            facility_id=meeting.facility_id,
            status=become.status.value,
            reason=None if become.reason is None else become.reason.value,
        )
    )


def _event(kind: type[EventT], meeting: Meeting, identity: Identity) -> EventT:
    return kind(
        actor=identity.actor,
        meeting_id=meeting.id,
        case_id=meeting.case_id,
        facility_id=meeting.facility_id,
    )
