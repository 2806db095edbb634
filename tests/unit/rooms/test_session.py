from datetime import timedelta

import pytest

from server.rooms import protocol
from server.rooms.events import (
    Become,
    Closed,
    CutMedia,
    Dropped,
    Forwarding,
    Hang,
    MediaLost,
    Revoked,
    Tell,
    Ticked,
)
from server.rooms.model import (
    AGREEMENT_TIMEOUT,
    RECONNECT_GRACE,
    EndReason,
    MeetingStatus,
    Participant,
    ParticipantStatus,
)
from server.rooms.protocol import CloseCode
from tests.unit.rooms.meetings import (
    BOTH,
    CLIENT,
    GUARD,
    INTERPRETER,
    LIN,
    MEETING,
    POINT,
    ZHOU,
    Rehearsal,
    bytes32,
    codes,
    refusals,
    told,
)


def test_nobody_is_let_in_by_connecting() -> None:
    meeting = Rehearsal()
    for who in (ZHOU, CLIENT, INTERPRETER):
        meeting.join(who)
        assert meeting.status(who) is ParticipantStatus.TESTING
    for who in (CLIENT, INTERPRETER):
        meeting.say(who, protocol.Enter)
        assert meeting.status(who) is ParticipantStatus.WAITING


def test_one_who_waits_is_told_whom_they_wait_for() -> None:
    meeting = Rehearsal()
    effects = meeting.enter(CLIENT)
    assert [each.lawyer_present for each in told(effects, meeting, CLIENT, protocol.Waiting)] == [False]
    effects = meeting.enter(ZHOU)
    assert [each.lawyer_present for each in told(effects, meeting, CLIENT, protocol.Waiting)] == [True]


def test_one_who_waits_hears_nothing_of_the_room() -> None:
    meeting = Rehearsal().begin()
    meeting.enter(INTERPRETER)
    heard = {
        type(effect.message)
        for effect in meeting.effects
        if isinstance(effect, Tell) and effect.connection == meeting.connections[INTERPRETER.id]
    }
    assert heard == {protocol.Welcome, protocol.Accepted, protocol.Waiting}
    for message, fields in (
        (protocol.Publish, {"sdp": "v=0"}),
        (protocol.Subscribe, {"publisher": CLIENT.id, "sdp": "v=0"}),
        (protocol.Commit, {"epoch": 1, "commitment": bytes32("A")}),
        (protocol.End, {}),
    ):
        assert codes(meeting.say(INTERPRETER, message, **fields)) == ["not-allowed"]


@pytest.mark.parametrize("who", [CLIENT, INTERPRETER, GUARD])
def test_only_a_lawyer_lets_anybody_in(who: Participant) -> None:
    meeting = Rehearsal().begin()
    meeting.join(GUARD)
    meeting.enter(INTERPRETER)
    assert codes(meeting.say(who, protocol.Admit, participant=INTERPRETER.id)) == ["not-allowed"]
    assert meeting.status(INTERPRETER) is ParticipantStatus.WAITING


def test_a_lawyer_who_is_not_inside_lets_nobody_in() -> None:
    meeting = Rehearsal()
    meeting.join(ZHOU)
    meeting.enter(CLIENT)
    assert codes(meeting.say(ZHOU, protocol.Admit, participant=CLIENT.id)) == ["not-allowed"]


def test_when_the_last_lawyer_leaves_the_terminal_goes_back_to_the_waiting_room() -> None:
    meeting = Rehearsal().begin()
    meeting.enter(LIN)
    meeting.say(ZHOU, protocol.Leave)
    assert meeting.status(CLIENT) is ParticipantStatus.ADMITTED
    effects = meeting.say(LIN, protocol.Leave)
    assert meeting.status(CLIENT) is ParticipantStatus.WAITING
    assert CutMedia(CLIENT.id) in effects
    assert told(effects, meeting, CLIENT, protocol.Waiting)
    assert not told(effects, meeting, CLIENT, protocol.Roster)
    assert meeting.session.status is MeetingStatus.INTERRUPTED


def test_a_lawyer_whose_line_drops_keeps_the_room_for_a_minute() -> None:
    meeting = Rehearsal().begin()
    meeting.agree(ZHOU, CLIENT)
    meeting.drop(ZHOU)
    meeting.now += RECONNECT_GRACE - timedelta(seconds=1)
    meeting.happen(Ticked())
    assert meeting.status(CLIENT) is ParticipantStatus.ADMITTED
    meeting.now += timedelta(seconds=1)
    meeting.happen(Ticked())
    assert meeting.status(CLIENT) is ParticipantStatus.WAITING


def test_one_who_comes_back_on_the_same_page_keeps_place_epoch_and_media() -> None:
    meeting = Rehearsal().begin()
    meeting.agree(ZHOU, CLIENT)
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    meeting.drop(CLIENT)
    effects = meeting.join(CLIENT)
    (welcome,) = told(effects, meeting, CLIENT, protocol.Welcome)
    assert welcome.resumed
    assert welcome.status is ParticipantStatus.ADMITTED
    (again,) = told(effects, meeting, CLIENT, protocol.NewEpoch)
    assert (again.agreement.epoch, again.agreement.complete) == (epoch, True)
    assert CutMedia(CLIENT.id) not in effects
    assert not told(effects, meeting, ZHOU, protocol.NewEpoch)


def test_one_who_comes_back_on_another_page_is_a_newcomer_and_the_keys_change() -> None:
    meeting = Rehearsal().begin()
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    meeting.drop(CLIENT)
    effects = meeting.join(CLIENT, instance="Z")
    assert CutMedia(CLIENT.id) in effects
    assert meeting.status(CLIENT) is ParticipantStatus.TESTING
    meeting.say(CLIENT, protocol.Enter)
    meeting.say(ZHOU, protocol.Admit, participant=CLIENT.id)
    assert meeting.session.round.epoch > epoch


def test_a_second_page_closes_the_first() -> None:
    meeting = Rehearsal().begin()
    first = meeting.connections[ZHOU.id]
    effects = meeting.join(ZHOU)
    assert Hang(first, CloseCode.REPLACED) in effects


def test_news_of_an_old_connection_changes_nothing() -> None:
    meeting = Rehearsal().begin()
    old = meeting.connections[CLIENT.id]
    meeting.drop(CLIENT)
    meeting.join(CLIENT)
    assert not meeting.happen(Dropped(participant_id=CLIENT.id, connection=old))
    assert meeting.status(CLIENT) is ParticipantStatus.ADMITTED


def test_nobody_can_reveal_before_everybody_has_committed() -> None:
    meeting = Rehearsal().begin()
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    meeting.say(ZHOU, protocol.Commit, epoch=epoch, commitment=bytes32("A"))
    effects = meeting.say(ZHOU, protocol.Reveal, epoch=epoch, public_key=POINT, nonce=bytes32("N"))
    assert codes(effects) == ["reveal-before-commit"]
    effects = meeting.say(CLIENT, protocol.Commit, epoch=epoch, commitment=bytes32("B"))
    for who in (ZHOU, CLIENT):
        (all_in,) = told(effects, meeting, who, protocol.AllCommitted)
        assert all_in.commitments == {ZHOU.id: bytes32("A"), CLIENT.id: bytes32("B")}


def test_a_commitment_cant_be_taken_back_but_can_be_repeated() -> None:
    meeting = Rehearsal().begin()
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    meeting.say(ZHOU, protocol.Commit, epoch=epoch, commitment=bytes32("A"))
    assert not refusals(meeting.say(ZHOU, protocol.Commit, epoch=epoch, commitment=bytes32("A")))
    effects = meeting.say(ZHOU, protocol.Commit, epoch=epoch, commitment=bytes32("B"))
    assert codes(effects) == ["already-committed"]


def test_a_message_of_a_former_epoch_is_refused() -> None:
    meeting = Rehearsal().begin()
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    meeting.enter(LIN)
    effects = meeting.say(ZHOU, protocol.Commit, epoch=epoch, commitment=bytes32("A"))
    assert codes(effects) == ["stale-epoch"]


def test_an_epoch_is_complete_when_all_hold_their_keys() -> None:
    meeting = Rehearsal().begin()
    meeting.agree(ZHOU, CLIENT)
    for who in (ZHOU, CLIENT):
        assert len(told(meeting.effects, meeting, who, protocol.EpochComplete)) == 1


def test_a_member_who_does_not_answer_the_agreement_loses_the_place() -> None:
    meeting = Rehearsal().begin()
    assert meeting.session.round is not None
    silent = meeting.connections[CLIENT.id]
    meeting.say(ZHOU, protocol.Commit, epoch=meeting.session.round.epoch, commitment=bytes32("A"))
    meeting.now += AGREEMENT_TIMEOUT
    effects = meeting.happen(Ticked())
    assert Hang(silent, CloseCode.SILENT) in effects
    assert meeting.status(CLIENT) is ParticipantStatus.LEFT
    assert meeting.status(ZHOU) is ParticipantStatus.ADMITTED


def test_sealing_the_same_keys_again_does_not_stall_the_agreement() -> None:
    meeting = Rehearsal().begin()
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    for who in (ZHOU, CLIENT):
        meeting.say(who, protocol.Commit, epoch=epoch, commitment=bytes32(who.id[0]))
    for who in (ZHOU, CLIENT):
        meeting.say(who, protocol.Reveal, epoch=epoch, public_key=POINT, nonce=bytes32("N"))
    meeting.say(ZHOU, protocol.Keyed, epoch=epoch)
    for letter in "CDE":
        sealed = [{"to": ZHOU.id, "media": "audio", "sealed": letter * 80}]
        assert not codes(meeting.say(CLIENT, protocol.Keys, epoch=epoch, keys=sealed))
        meeting.now += AGREEMENT_TIMEOUT / 2
    meeting.happen(Ticked())
    assert meeting.status(CLIENT) is ParticipantStatus.LEFT


def test_one_who_is_revoked_hears_nothing_more() -> None:
    meeting = Rehearsal().begin()
    meeting.enter(LIN)
    connection = meeting.connections[LIN.id]
    effects = meeting.happen(Revoked(LIN.id))
    assert effects[0] == CutMedia(LIN.id)
    assert Hang(connection, CloseCode.NOT_PERMITTED) in effects
    after = effects[effects.index(Hang(connection, CloseCode.NOT_PERMITTED)) :]
    later = meeting.say(ZHOU, protocol.Mute, audio_muted=True, video_muted=False)
    assert not any(isinstance(each, Tell) and each.connection == connection for each in (*after, *later))


@pytest.mark.parametrize(
    ("who", "reason"),
    [(ZHOU, EndReason.ENDED_BY_LAWYER), (CLIENT, EndReason.ENDED_BY_RECIPIENT)],
)
def test_the_lawyer_or_the_recipient_ends_the_meeting_for_everyone(
    who: Participant, reason: EndReason
) -> None:
    meeting = Rehearsal().begin()
    meeting.join(GUARD)
    meeting.enter(INTERPRETER)
    effects = meeting.say(who, protocol.End)
    for other in (ZHOU, CLIENT, GUARD, INTERPRETER):
        assert [each.reason for each in told(effects, meeting, other, protocol.Ended)] == [reason]
        assert Hang(meeting.connections[other.id], CloseCode.ENDED) in effects
    assert Become(MeetingStatus.CLOSED, reason) in effects


def test_a_meeting_ends_when_its_time_is_over() -> None:
    meeting = Rehearsal().begin()
    meeting.now = MEETING.ends_at
    effects = meeting.happen(Ticked())
    assert Become(MeetingStatus.CLOSED, EndReason.TIME_OVER) in effects
    assert CutMedia(CLIENT.id) in effects


def test_nothing_happens_in_a_closed_meeting() -> None:
    meeting = Rehearsal().begin()
    meeting.happen(Closed(EndReason.CANCELLED))
    assert meeting.join(ZHOU, instance="Q") == ()


def test_a_meeting_is_in_session_while_lawyer_and_recipient_are_both_there() -> None:
    meeting = Rehearsal().begin()
    meeting.drop(CLIENT)
    meeting.join(CLIENT)
    became = [effect.status for effect in meeting.effects if isinstance(effect, Become)]
    assert became == [
        MeetingStatus.OPEN,
        MeetingStatus.IN_SESSION,
        MeetingStatus.INTERRUPTED,
        MeetingStatus.IN_SESSION,
    ]


def test_an_offer_answered_after_its_sender_left_is_cut_again() -> None:
    meeting = Rehearsal().begin()
    meeting.say(ZHOU, protocol.SendBack, participant=CLIENT.id)
    effects = meeting.happen(Forwarding(participant_id=CLIENT.id, media=BOTH))
    assert effects == (CutMedia(CLIENT.id),)


def test_one_whose_media_is_lost_is_no_longer_offered() -> None:
    meeting = Rehearsal().begin()
    effects = meeting.happen(MediaLost(CLIENT.id))
    (roster,) = told(effects, meeting, ZHOU, protocol.Roster)
    assert {entry.id: entry.publishing for entry in roster.participants}[CLIENT.id] == ()
