import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from server.cases.model import EndReason as AssignmentEndReason
from server.cases.service.assigning import EndAssignment, end
from server.kernel.errors import NotAllowed, NotFound
from server.kernel.identity import Identity, Role
from server.kernel.ids import BookingId, MeetingId
from server.kernel.permissions import Action
from server.people.sessions import revoke_sessions
from server.rooms.events import Become
from server.rooms.model import MeetingStatus
from server.rooms.protocol import PROTOCOL_VERSION, CloseCode
from server.rooms.service import close_overdue, move_meeting, take_place
from server.rooms.socket import MAX_MESSAGES
from server.scheduling.model import BookingStatus, FacilityPractice
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.fakes.media import FakePlane
from tests.http.conftest import Browser, SignedIn
from tests.http.meeting_world import Talker, World, connect, joinable, make_world, paired
from tests.until import until

OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
PICTURE_OFFER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
async def path(world: World, signed_in: SignedIn, clock: SetClock) -> str:
    """The path of a confirmed meeting that can be joined now."""
    return await joinable(world, signed_in, clock)


@pytest.fixture
async def kiosk(
    world: World, database: Database, anonymous: Browser, clock: SetClock
) -> AsyncIterator[Browser]:
    browser = await paired(world, database, anonymous, clock)
    yield browser
    await browser.session.close()


async def _code(database: Database, path: str) -> str:
    async with database.reading() as tx:
        meeting = await tx.rooms.meeting(MeetingId(path.rpartition("/")[2]))
    assert meeting is not None
    code: str = meeting.code
    return code


async def _status(database: Database, path: str) -> MeetingStatus:
    async with database.reading() as tx:
        meeting = await tx.rooms.meeting(MeetingId(path.rpartition("/")[2]))
    assert meeting is not None
    return meeting.status


async def _at_the_door(database: Database, kiosk: Browser, path: str) -> Talker:
    """Bring the terminal to the waiting room."""
    assert (await kiosk.post("/kiosk/code", data={"code": await _code(database, path)})).status == 200
    assert (await kiosk.post("/kiosk/agree")).status == 200
    client = await connect(kiosk, path)
    await client.say("enter")
    await client.hear("waiting")
    return client


async def _lawyer_inside(world: World, signed_in: SignedIn, path: str) -> Talker:
    lawyer = await connect(await signed_in(world.lawyer), path)
    await lawyer.say("enter")
    await lawyer.hear("admitted")
    return lawyer


def _id_of(roster: dict[str, object], kind: str) -> str:
    entries = roster["participants"]
    assert isinstance(entries, list)
    return str(next(entry["id"] for entry in entries if entry["kind"] == kind))


async def test_the_kiosk_asks_one_question_after_the_other(
    world: World, database: Database, kiosk: Browser, path: str
) -> None:
    assert world.terminal.name in await (await kiosk.get("/kiosk")).text()
    assert "请输入会见码" in await (await kiosk.get("/kiosk")).text()
    code = await _code(database, path)
    notice = await (await kiosk.post("/kiosk/code", data={"code": f"{code[:3]} {code[3:]}"})).text()
    assert "今天您见的是周某律师" in notice
    waiting = await (await kiosk.post("/kiosk/agree")).text()
    assert "正在等律师进来" in waiting
    cleared = await (await kiosk.post("/kiosk/clear")).text()
    assert "已经全部清除" in cleared
    assert "周某" not in cleared
    assert "请输入会见码" in await (await kiosk.get("/kiosk")).text()


async def test_another_device_paired_as_the_terminal_has_to_be_told_the_code_anew(  # noqa: PLR0913, PLR0917
    world: World, database: Database, kiosk: Browser, anonymous: Browser, clock: SetClock, path: str
) -> None:
    assert (await kiosk.post("/kiosk/code", data={"code": await _code(database, path)})).status == 200
    assert "正在等律师进来" in await (await kiosk.post("/kiosk/agree")).text()
    clock.move(timedelta(seconds=1))
    other = await paired(world, database, anonymous, clock)
    assert "请输入会见码" in await (await other.get("/kiosk")).text()
    assert (await other.get(path)).status == 404
    await other.session.close()


async def test_a_wrong_code_says_so_and_the_sixth_in_a_row_has_to_wait(
    database: Database, kiosk: Browser, path: str, clock: SetClock
) -> None:
    code = await _code(database, path)
    wrong = "000000" if code != "000000" else "000001"
    statuses = [(await kiosk.post("/kiosk/code", data={"code": wrong})).status for _ in range(7)]
    assert statuses == [422] * 6 + [429]
    assert (await kiosk.post("/kiosk/code", data={"code": code})).status == 429
    clock.move(timedelta(seconds=16))
    assert (await kiosk.post("/kiosk/code", data={"code": code})).status == 200


async def test_a_code_in_other_digits_is_a_wrong_code(kiosk: Browser, path: str) -> None:
    del path
    assert (await kiosk.post("/kiosk/code", data={"code": "１２３４５６"})).status == 422


async def test_a_code_works_only_at_its_terminal_and_in_its_time(
    world: World, database: Database, kiosk: Browser, path: str, clock: SetClock
) -> None:
    del world
    code = await _code(database, path)
    clock.move(timedelta(hours=-1))
    assert (await kiosk.post("/kiosk/code", data={"code": code})).status == 422
    clock.move(timedelta(hours=3))
    assert (await kiosk.post("/kiosk/code", data={"code": code})).status == 422


async def test_a_call_for_the_officer_stands_on_the_desk_until_it_is_answered(
    world: World, database: Database, kiosk: Browser, path: str, signed_in: SignedIn
) -> None:
    await kiosk.post("/kiosk/code", data={"code": await _code(database, path)})
    await kiosk.post("/kiosk/help")
    officer = await signed_in(world.officer)
    desk = await (await officer.get("/desk")).text()
    found = re.search(r'action="(/desk/terminals/\w+/answer)"', desk)
    assert found is not None
    assert "answer" not in await (await officer.post(found[1])).text()


async def test_a_terminal_without_the_code_cannot_reach_a_meeting(kiosk: Browser, path: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await connect(kiosk, path)
    assert refused.value.status == 404


async def test_nobody_joins_earlier_than_half_an_hour(
    world: World, signed_in: SignedIn, path: str, clock: SetClock
) -> None:
    clock.move(timedelta(minutes=-21))
    lawyer = await signed_in(world.lawyer)
    assert (await lawyer.get(f"{path}/room?alone=yes&quiet=yes")).status == 409
    with pytest.raises(WSServerHandshakeError) as refused:
        await connect(lawyer, path)
    assert refused.value.status == 409


async def test_the_room_is_behind_the_declaration(world: World, signed_in: SignedIn, path: str) -> None:
    lawyer = await signed_in(world.lawyer)
    answer = await lawyer.get(f"{path}/room", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, path)
    page = await (await lawyer.get(path)).text()
    assert "我不录音、录像、截屏，不让他人旁听" in page
    assert 'data-island="room"' in await (await lawyer.get(f"{path}/room?alone=yes&quiet=yes")).text()


async def test_a_meeting_from_the_waiting_room_to_the_wiped_screen(  # noqa: PLR0913, PLR0917 - all it needs
    world: World,
    database: Database,
    kiosk: Browser,
    path: str,
    signed_in: SignedIn,
    plane: FakePlane,
) -> None:
    client = await _at_the_door(database, kiosk, path)
    lawyer = await _lawyer_inside(world, signed_in, path)
    roster = await lawyer.hear("roster")
    await lawyer.say("admit", participant=_id_of(roster, "recipient"))
    await client.hear("admitted")
    await client.say("publish", sdp=OFFER)
    await client.hear("published")
    while True:
        roster = await lawyer.hear("roster")
        recipient = next(each for each in roster["participants"] if each["kind"] == "recipient")
        if recipient["publishing"]:
            break
    assert recipient["publishing"] == ["audio", "video"]
    await lawyer.say("subscribe", publisher=recipient["id"], sdp=OFFER)
    await lawyer.hear("subscribed")
    assert list(plane.routes.values()) == [{"audio", "video"}]
    assert await _status(database, path) is MeetingStatus.IN_SESSION
    await lawyer.say("end")
    assert (await client.hear("ended"))["reason"] == "ended_by_lawyer"
    assert (await client.socket.receive(timeout=5)).data == CloseCode.ENDED
    await until(lambda: bool(plane.closed))
    assert await _status(database, path) is MeetingStatus.CLOSED
    assert "会见结束了" in await (await kiosk.get("/kiosk")).text()
    async with database.reading() as tx:
        (booking,) = await tx.slots.bookings_of_cases(frozenset({world.case.id}))
        facts = await tx.cases.facts_of(frozenset({world.case.id}))
    assert booking.status is BookingStatus.HELD
    assert "first_meeting_held" in facts[world.case.id]


async def test_rule_1_a_guard_watches_without_audio_and_everyone_is_told(  # noqa: PLR0913, PLR0917 - all it needs
    world: World,
    database: Database,
    kiosk: Browser,
    path: str,
    signed_in: SignedIn,
    plane: FakePlane,
) -> None:
    client = await _at_the_door(database, kiosk, path)
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.say("admit", participant=_id_of(await lawyer.hear("roster"), "recipient"))
    await client.hear("admitted")
    await client.say("publish", sdp=OFFER)
    await client.hear("published")
    guard = await connect(await signed_in(world.officer), path, way="watch")
    recipient = _id_of(await guard.hear("roster"), "recipient")
    for other in (lawyer, client):
        while not (watching := await other.hear("watching"))["observers"]:
            pass
        assert watching["observers"] == ["孙某"]
    await guard.say("subscribe", publisher=recipient, sdp=OFFER)
    assert (await guard.hear("error"))["code"] == "observer-without-audio"
    await guard.say("subscribe", publisher=recipient, sdp=PICTURE_OFFER)
    await guard.hear("subscribed")
    assert list(plane.routes.values()) == [{"video"}]
    await guard.socket.close()
    assert (await lawyer.hear("watching"))["observers"] == []
    assert not plane.routes


async def test_rule_1_one_who_took_part_otherwise_does_not_watch_from_that_place(
    world: World, database: Database, path: str, clock: SetClock
) -> None:
    meeting_id = MeetingId(path.rpartition("/")[2])
    former = Identity(role=Role.INTERPRETER, account_id=world.lawyer.id)
    with pytest.raises(NotFound):
        async with database.transaction() as tx:
            await take_place(meeting_id, former, Action.JOIN_MEETING, tx, clock)
    officer = Identity(
        role=Role.FACILITY_OFFICER, account_id=world.lawyer.id, organisation_id=world.facility.id
    )
    with pytest.raises(NotAllowed):
        async with database.transaction() as tx:
            await take_place(meeting_id, officer, Action.WATCH_MEETING, tx, clock)


async def test_rule_1_where_the_facility_does_not_watch_a_guard_is_refused(
    world: World, database: Database, path: str, signed_in: SignedIn
) -> None:
    usual = FacilityPractice.usual(world.facility.id)
    async with database.transaction() as tx:
        await tx.slots.put_practice(
            FacilityPractice(
                facility_id=usual.facility_id,
                opening=usual.opening,
                turnaround=usual.turnaround,
                guard_viewing=False,
            )
        )
    officer = await signed_in(world.officer)
    with pytest.raises(WSServerHandshakeError) as refused:
        await connect(officer, path, way="watch")
    assert refused.value.status == 403
    assert "本所不使用画面巡看" in await (await officer.get("/desk")).text()


async def test_a_lawyer_whose_sessions_are_revoked_is_out_within_a_second(
    world: World, database: Database, path: str, signed_in: SignedIn, plane: FakePlane
) -> None:
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.say("publish", sdp=OFFER)
    await lawyer.hear("published")
    assert plane.publishing
    async with database.transaction() as tx:
        await revoke_sessions(world.lawyer.id, world.officer.identity, tx)
    async with asyncio.timeout(1):
        assert await _closed_with(lawyer) == CloseCode.NOT_PERMITTED
    assert not plane.publishing


async def test_a_late_hello_does_not_move_the_meetings_status_backwards(  # noqa: PLR0913, PLR0917 - all it needs
    world: World, database: Database, kiosk: Browser, path: str, signed_in: SignedIn, plane: FakePlane
) -> None:
    browser = await signed_in(world.colleague)
    headers = {"Sec-Fetch-Site": "same-origin"}
    late = Talker(await browser.ws_connect(f"{path}/socket", headers=headers))
    client = await _at_the_door(database, kiosk, path)
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.say("admit", participant=_id_of(await lawyer.hear("roster"), "recipient"))
    await client.hear("admitted")
    for talker in (client, lawyer):
        await talker.say("leave")
        await _closed_with(talker)
    await until(lambda: bool(plane.closed))
    await late.say("hello", protocol=PROTOCOL_VERSION, instance="L" * 43)
    await late.hear("welcome")
    await late.say("ping")
    await late.hear("pong")
    async with database.reading() as tx:
        meeting = await tx.rooms.meeting(MeetingId(path.rsplit("/", 1)[1]))
    assert meeting is not None
    assert meeting.status is MeetingStatus.INTERRUPTED


async def test_a_dropped_websocket_does_not_keep_the_media_of_one_whose_right_ended(
    world: World, database: Database, path: str, signed_in: SignedIn, plane: FakePlane
) -> None:
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.say("publish", sdp=OFFER)
    await lawyer.hear("published")
    await lawyer.socket.close()
    await asyncio.sleep(0.1)
    assert plane.publishing
    async with database.transaction() as tx:
        await revoke_sessions(world.lawyer.id, world.officer.identity, tx)
    await until(lambda: not plane.publishing, within_s=1)


async def test_rule_3_a_lawyer_whose_assignment_ends_is_out_within_a_second(
    world: World, database: Database, path: str, signed_in: SignedIn, plane: FakePlane
) -> None:
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.say("publish", sdp=OFFER)
    await lawyer.hear("published")
    coordinator = account(Role.COORDINATOR, organisation_id=world.case.area_id).identity
    async with database.transaction() as tx:
        mine = next(
            each
            for each in await tx.cases.assignments_of(world.case.id)
            if each.account_id == world.lawyer.id
        )
        ending = EndAssignment(
            assignment_id=mine.id, version=mine.version, reason=AssignmentEndReason.CONFLICT_FOUND
        )
        await end(ending, coordinator, tx, SetClock())
    async with asyncio.timeout(1):
        assert await _closed_with(lawyer) == CloseCode.NOT_PERMITTED
    assert not plane.publishing
    assert (await (await signed_in(world.lawyer)).get(path)).status == 404


async def _closed_with(talker: Talker) -> int:
    while True:
        received = await talker.socket.receive()
        if received.type is WSMsgType.CLOSE:
            return int(received.data)


async def test_one_whose_websocket_drops_comes_back_to_the_same_place(
    world: World, database: Database, kiosk: Browser, path: str, signed_in: SignedIn
) -> None:
    client = await _at_the_door(database, kiosk, path)
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.say("admit", participant=_id_of(await lawyer.hear("roster"), "recipient"))
    await client.hear("admitted")
    first = next(each for each in client.heard if each["type"] == "welcome")
    await client.socket.close()
    again = await connect(kiosk, path)
    welcome = await again.hear("welcome")
    assert welcome["you"] == first["you"]
    assert (welcome["resumed"], welcome["status"]) == (True, "admitted")


async def test_a_cancelled_meeting_ends_for_those_who_are_there(
    world: World, path: str, signed_in: SignedIn
) -> None:
    lawyer = await _lawyer_inside(world, signed_in, path)
    booking = path.replace("/meetings/", "/bookings/")
    browser = await signed_in(world.lawyer)
    assert (await browser.post(f"{booking}/cancel", data={"reason": "C-01"})).status == 200
    assert (await lawyer.hear("ended"))["reason"] == "cancelled"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"type":"enter"}', '{"type":"enter","id":1,"x":2}', '{"type":"listen","id":1}'],
)
async def test_what_is_no_message_closes_the_connection_with_words(
    world: World, path: str, signed_in: SignedIn, text: str
) -> None:
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.socket.send_str(text)
    error = await lawyer.hear("error")
    assert (error["code"], error["re"]) == ("unreadable-message", None)
    assert await _closed_with(lawyer) == CloseCode.UNREADABLE


async def test_another_version_is_refused(world: World, path: str, signed_in: SignedIn) -> None:
    browser = await signed_in(world.lawyer)
    for other in (PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1):
        socket = await browser.ws_connect(f"{path}/socket")
        await socket.send_json({"type": "hello", "id": 1, "protocol": other, "instance": "A" * 43})
        assert (await socket.receive_json())["code"] == "other-protocol"
        assert (await socket.receive()).data == CloseCode.UNREADABLE


async def test_a_flood_of_messages_is_cut_off(world: World, path: str, signed_in: SignedIn) -> None:
    lawyer = await _lawyer_inside(world, signed_in, path)
    for _ in range(MAX_MESSAGES):
        await lawyer.say("ping")
    async with asyncio.timeout(10):
        assert await _closed_with(lawyer) == CloseCode.TOO_FAST


async def test_a_websocket_from_another_site_is_refused(world: World, path: str, signed_in: SignedIn) -> None:
    browser = await signed_in(world.lawyer)
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect(f"{path}/socket", headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.value.status == 403


async def test_an_unpaired_terminal_is_out_within_a_second(
    world: World,
    database: Database,
    kiosk: Browser,
    path: str,
    signed_in: SignedIn,
) -> None:
    client = await _at_the_door(database, kiosk, path)
    officer = await signed_in(world.officer)
    assert (await officer.post(f"/terminals/{world.terminal.id}/unpair")).status == 200
    async with asyncio.timeout(1):
        assert await _closed_with(client) == CloseCode.NOT_PERMITTED


async def test_a_meeting_that_was_ended_before_the_two_met_did_not_take_place(
    world: World, database: Database, path: str, signed_in: SignedIn, plane: FakePlane
) -> None:
    lawyer = await _lawyer_inside(world, signed_in, path)
    await lawyer.say("end")
    assert (await lawyer.hear("ended"))["reason"] == "ended_by_lawyer"
    await _closed_with(lawyer)
    await until(lambda: bool(plane.closed))
    async with database.reading() as tx:
        (booking,) = await tx.slots.bookings_of_cases(frozenset({world.case.id}))
    assert booking.status is BookingStatus.NO_SHOW


@pytest.mark.parametrize(("met", "became"), [(True, BookingStatus.HELD), (False, BookingStatus.NO_SHOW)])
async def test_a_meeting_that_nobody_closed_is_closed_when_its_time_is_over(
    database: Database, path: str, clock: SetClock, *, met: bool, became: BookingStatus
) -> None:
    meeting_id = MeetingId(path.rpartition("/")[2])
    async with database.transaction() as tx:
        if met:
            await move_meeting(meeting_id, Become(MeetingStatus.IN_SESSION), tx, clock)
        assert await close_overdue(tx, clock) == ()
    clock.move(timedelta(hours=2))
    async with database.transaction() as tx:
        assert await close_overdue(tx, clock) == (meeting_id,)
        booking = await tx.slots.booking(BookingId(meeting_id))
    assert booking is not None
    assert booking.status is became
