from dataclasses import replace
from datetime import timedelta

from server.rooms import protocol
from server.rooms.model import GuardViewing
from server.rooms.session import Session
from server.rooms.turn import TurnServer
from tests.unit.rooms.meetings import CLIENT, EARLY, GUARD, MEETING, ZHOU, Rehearsal, told

TURN = TurnServer(("turn:turn.example:3478",), "a-secret-of-which-this-test-knows")
USERNAME, CREDENTIAL = "1790562660:76d5ca7084315a56a58fac59", "0+zP78gra82aG+tMvd29CIcZ5q4="
"""Of the recipient in this meeting, which ends at 02:30:00; worked out with `openssl dgst -hmac`."""


def relayed_meeting() -> Rehearsal:
    session = Session(MEETING, expected=(ZHOU, CLIENT), guard_viewing=GuardViewing.SILENT_VIDEO, turn=TURN)
    return Rehearsal(session)


def test_a_pass_is_what_a_turn_server_works_out_for_itself() -> None:
    made = TURN.pass_for(CLIENT.id, meeting_id=MEETING.id, ends_at=MEETING.ends_at)
    assert (made.urls, made.username, made.credential) == (TURN.urls, USERNAME, CREDENTIAL)


def test_a_pass_ends_a_minute_after_its_meeting() -> None:
    later = TURN.pass_for(CLIENT.id, meeting_id=MEETING.id, ends_at=MEETING.ends_at + timedelta(hours=1))
    until = (MEETING.ends_at + timedelta(hours=1, minutes=1)).timestamp()
    assert later.username == f"{until:.0f}:{USERNAME.partition(':')[2]}"
    assert later.credential != CREDENTIAL


def test_the_name_on_a_pass_tells_who_it_is_to_nobody_without_the_secret() -> None:
    made = TURN.pass_for(CLIENT.id, meeting_id=MEETING.id, ends_at=MEETING.ends_at)
    elsewhere = replace(TURN, secret=TURN.secret[::-1])
    other = elsewhere.pass_for(CLIENT.id, meeting_id=MEETING.id, ends_at=MEETING.ends_at)
    assert made.username.partition(":")[2] != other.username.partition(":")[2]
    assert TURN.secret not in repr(TURN)


def test_everybody_who_takes_part_is_welcomed_with_a_pass_of_their_own() -> None:
    meeting = relayed_meeting()
    passes = set()
    for who in (ZHOU, CLIENT, GUARD):
        (welcome,) = told(meeting.join(who), meeting, who, protocol.Welcome)
        (relay,) = welcome.ice_servers
        assert relay.urls == TURN.urls
        passes.add((relay.username, relay.credential))
    assert len(passes) == 3


def test_who_comes_back_gets_the_same_pass() -> None:
    meeting = relayed_meeting()
    (before,) = told(meeting.join(CLIENT), meeting, CLIENT, protocol.Welcome)
    meeting.drop(CLIENT)
    meeting.now = EARLY + timedelta(seconds=20)
    (after,) = told(meeting.join(CLIENT), meeting, CLIENT, protocol.Welcome)
    assert before.ice_servers == after.ice_servers


def test_without_a_turn_server_nobody_is_given_a_relay() -> None:
    meeting = Rehearsal()
    (welcome,) = told(meeting.join(ZHOU), meeting, ZHOU, protocol.Welcome)
    assert welcome.ice_servers == ()
