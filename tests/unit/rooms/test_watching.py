"""Rule 1: a guard may see and never hears, and everyone is told who watches."""

from dataclasses import replace
from datetime import timedelta

import pytest

from server.kernel.ids import ParticipantId
from server.rooms import protocol
from server.rooms.events import CutMedia, Forwarding, Hang, StartReceiving
from server.rooms.model import (
    MAX_OBSERVERS,
    MAX_WATCH_STARTS,
    WATCH_STARTS_WITHIN,
    Participant,
    ParticipantKind,
    ParticipantStatus,
)
from server.rooms.policy import media_for
from server.rooms.protocol import MAX_PARTICIPANTS, CloseCode
from tests.unit.rooms.meetings import (
    BOTH,
    CLIENT,
    GUARD,
    INTERPRETER,
    LIN,
    SEALED,
    ZHOU,
    Rehearsal,
    codes,
    person,
    told,
)

AUDIO_OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"


def test_rule_1_a_guard_is_offered_the_recipients_picture_and_nothing_else() -> None:
    meeting = Rehearsal().begin()
    effects = meeting.join(GUARD)
    (roster,) = told(effects, meeting, GUARD, protocol.Roster)[-1:]
    assert {entry.id: entry.publishing for entry in roster.participants if entry.publishing} == {
        CLIENT.id: ("video",)
    }
    effects = meeting.say(GUARD, protocol.Subscribe, publisher=CLIENT.id, sdp="v=0")
    (route,) = (each for each in effects if isinstance(each, StartReceiving))
    assert route.media == {"video"}


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (protocol.Subscribe, {"publisher": CLIENT.id, "sdp": AUDIO_OFFER}),
        (protocol.Subscribe, {"publisher": ZHOU.id, "sdp": "v=0"}),
        (protocol.Publish, {"sdp": "v=0"}),
    ],
)
def test_rule_1_a_guard_never_gets_an_audio_route(
    message: type[protocol.Request], fields: dict[str, object]
) -> None:
    meeting = Rehearsal().begin()
    meeting.join(GUARD)
    effects = meeting.say(GUARD, message, **fields)
    assert codes(effects) == ["observer-without-audio"]
    assert not any(isinstance(effect, StartReceiving) for effect in effects)


@pytest.mark.parametrize(("sender", "media"), [(CLIENT, "audio"), (ZHOU, "audio"), (ZHOU, "video")])
def test_rule_1_a_guard_never_gets_an_audio_key(sender: Participant, media: str) -> None:
    meeting = Rehearsal().begin()
    meeting.join(GUARD)
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    meeting.agree(ZHOU, CLIENT, GUARD)
    keys = [{"to": GUARD.id, "media": media, "sealed": SEALED}]
    effects = meeting.say(sender, protocol.Keys, epoch=epoch, keys=keys)
    assert codes(effects) == ["observer-without-audio"]
    assert not told(effects, meeting, GUARD, protocol.KeysFrom)


def test_a_guard_gets_the_recipients_video_key() -> None:
    meeting = Rehearsal().begin()
    meeting.join(GUARD)
    assert meeting.session.round is not None
    epoch = meeting.session.round.epoch
    meeting.agree(ZHOU, CLIENT, GUARD)
    keys = [{"to": GUARD.id, "media": "video", "sealed": SEALED}]
    effects = meeting.say(CLIENT, protocol.Keys, epoch=epoch, keys=keys)
    (parcel,) = told(effects, meeting, GUARD, protocol.KeysFrom)
    assert [(key.sender, key.media) for key in parcel.keys] == [(CLIENT.id, "video")]


def test_rule_1_everyone_inside_and_waiting_is_told_before_a_guard_can_watch() -> None:
    meeting = Rehearsal().begin()
    meeting.enter(INTERPRETER)
    effects = meeting.join(GUARD)
    for who in (ZHOU, CLIENT, INTERPRETER):
        assert [each.observers for each in told(effects, meeting, who, protocol.Watching)] == [("孙某",)]
    effects = meeting.drop(GUARD)
    for who in (ZHOU, CLIENT, INTERPRETER):
        assert [each.observers for each in told(effects, meeting, who, protocol.Watching)] == [()]
    assert CutMedia(GUARD.id) in effects


def test_rule_1_no_more_guards_watch_than_leave_room_for_those_who_talk() -> None:
    meeting = Rehearsal().begin()
    guards = [person(letter, ParticipantKind.OBSERVER, f"民警{letter}") for letter in "56789"]
    for guard in guards[:MAX_OBSERVERS]:
        meeting.join(guard)
    effects = meeting.join(guards[MAX_OBSERVERS])
    assert codes(effects) == ["enough-watch"]
    assert Hang(meeting.connections[guards[MAX_OBSERVERS].id], CloseCode.NOT_PERMITTED) in effects
    assert guards[MAX_OBSERVERS].id not in meeting.session.seats
    meeting.drop(guards[0])
    meeting.join(guards[MAX_OBSERVERS])
    assert meeting.status(guards[MAX_OBSERVERS]) is ParticipantStatus.ADMITTED


def test_watching_cannot_be_begun_so_often_that_the_pages_run_out_of_epochs() -> None:
    meeting = Rehearsal().begin()
    other = person("5", ParticipantKind.OBSERVER, "李某")
    for number in range(MAX_WATCH_STARTS):
        guard = (GUARD, other)[number % 2]
        assert not codes(meeting.join(guard))
        meeting.drop(guard)
    before = meeting.session.round
    effects = meeting.join(GUARD)
    assert codes(effects) == ["watch-too-often"]
    assert Hang(meeting.connections[GUARD.id], CloseCode.NOT_PERMITTED) in effects
    assert meeting.status(GUARD) is ParticipantStatus.LEFT
    assert meeting.session.round is before
    meeting.now += WATCH_STARTS_WITHIN
    assert not codes(meeting.join(GUARD))


def test_officers_who_watch_no_more_do_not_fill_the_roster() -> None:
    meeting = Rehearsal().begin()
    for number in range(5 * MAX_PARTICIPANTS):
        meeting.now += timedelta(minutes=5)
        guard = replace(GUARD, id=ParticipantId(f"9{number:025}"), name=f"民警{number}")
        meeting.join(guard)
        meeting.drop(guard)
    effects = meeting.happen(Forwarding(participant_id=CLIENT.id, media=BOTH))
    (roster,) = told(effects, meeting, ZHOU, protocol.Roster)
    assert {entry.kind for entry in roster.participants} == {
        ParticipantKind.LAWYER,
        ParticipantKind.RECIPIENT,
    }


def test_a_newcomer_is_told_who_watches() -> None:
    meeting = Rehearsal().begin()
    meeting.join(GUARD)
    effects = meeting.enter(LIN)
    assert [each.observers for each in told(effects, meeting, LIN, protocol.Watching)] == [("孙某",)]


def test_media_for_is_a_worked_table() -> None:
    for reader in ParticipantKind:
        for publisher in ParticipantKind:
            media = media_for(reader=reader, publisher=publisher)
            if publisher is ParticipantKind.OBSERVER:
                assert media == set()
            elif reader is ParticipantKind.OBSERVER:
                assert media == ({"video"} if publisher is ParticipantKind.RECIPIENT else set())
            else:
                assert media == BOTH
