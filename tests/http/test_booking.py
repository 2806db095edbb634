import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from server.kernel.identity import Role
from server.kernel.ids import BookingId, MeetingId
from server.people.model import Account
from server.rooms.model import MeetingStatus
from server.scheduling.ledger import Claim
from server.scheduling.model import BookingStatus, ReasonCode, ResourceKind, resource
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.meeting_world import (
    CHOICE,
    TUESDAY_10,
    World,
    book,
    confirmed,
    hold,
    make_world,
    open_day_and_night,
)


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


async def test_a_lawyer_books_and_the_facility_approves(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    lawyer = await signed_in(world.lawyer)
    path = await book(world, lawyer)
    assert "待看守所确认" in await (await lawyer.get("/meetings")).text()
    officer = await signed_in(world.officer)
    desk = await (await officer.get("/desk")).text()
    assert "张某" in desk
    assert f"{path}/confirm" in desk
    await officer.post(f"{path}/confirm", data={"version": "1"})
    assert path.replace("/bookings/", "/meetings/") in await (await lawyer.get("/meetings")).text()
    async with database.reading() as tx:
        (booking,) = await tx.slots.bookings_of_cases(frozenset({world.case.id}))
    assert booking.status is BookingStatus.CONFIRMED


async def test_rule_3_a_lawyer_outside_the_case_gets_404_for_all_of_it(
    world: World, signed_in: SignedIn
) -> None:
    path = await confirmed(world, signed_in)
    booking = path.replace("/meetings/", "/bookings/")
    later = {"starts_at": (TUESDAY_10 + timedelta(hours=4)).isoformat(), "minutes": "60"}
    held = await hold(world, await signed_in(world.lawyer), later)
    stranger = await signed_in(world.stranger)
    answers = [
        await stranger.get(f"/cases/{world.case.id}/book"),
        await stranger.post(f"/cases/{world.case.id}/book", data=CHOICE),
        await stranger.get(booking),
        await stranger.post(f"{held}/submit", data={"purpose": "plea"}),
        await stranger.post(f"{held}/release"),
        await stranger.post(f"{booking}/cancel", data={"reason": "C-01"}),
        await stranger.post(f"{booking}/confirm", data={"version": "2"}),
        await stranger.get(path),
        await stranger.get(f"{path}/room?alone=yes&quiet=yes"),
        await stranger.get(f"{path}/socket"),
        await stranger.get(f"{path}/watch"),
    ]
    assert [answer.status for answer in answers] == [404] * len(answers)
    assert "张某" not in await (await stranger.get("/meetings")).text()


async def test_rule_3_an_officer_of_another_facility_gets_404(world: World, signed_in: SignedIn) -> None:
    path = await confirmed(world, signed_in)
    booking = path.replace("/meetings/", "/bookings/")
    elsewhere = await signed_in(world.elsewhere)
    assert (await elsewhere.get(booking)).status == 404
    assert (await elsewhere.post(f"{booking}/return", data={"version": "2", "reason": "F-07"})).status == 404
    assert (await elsewhere.get(f"{path}/watch")).status == 404
    assert "张某" not in await (await elsewhere.get("/desk")).text()


async def test_rule_7_a_slot_that_is_taken_answers_with_alternatives_and_names_no_case(
    world: World, signed_in: SignedIn
) -> None:
    await book(world, await signed_in(world.lawyer))
    answer = await (await signed_in(world.colleague)).post(f"/cases/{world.case.id}/book", data=CHOICE)
    page = await answer.text()
    assert answer.status == 409
    assert "这个时段刚被约走" in page
    assert len(re.findall(r'class="alt"', page)) == 3


@pytest.mark.parametrize(
    ("choice", "title"),
    [
        ({"starts_at": "2026-09-29T10:02:00+08:00", "minutes": "60"}, "5 分钟的整数倍"),
        ({"starts_at": "2026-09-29T12:00:00+08:00", "minutes": "60"}, "不开放"),
        ({"starts_at": "2026-09-28T09:00:00+08:00", "minutes": "60"}, "已经开始或过去"),
        ({"starts_at": "2026-09-29T10:00:00+08:00", "minutes": "45"}, "时长不在可选范围"),
        ({"starts_at": "2027-01-05T10:00:00+08:00", "minutes": "60"}, "90 天以内"),
        ({"starts_at": "soon", "minutes": "60"}, "填写内容有误"),
    ],
)
async def test_a_slot_that_cannot_be_asked_for_says_why(
    world: World, signed_in: SignedIn, choice: dict[str, str], title: str
) -> None:
    answer = await (await signed_in(world.lawyer)).post(f"/cases/{world.case.id}/book", data=choice)
    assert answer.status == 422
    assert title in await answer.text()


async def test_the_week_leads_no_farther_than_one_may_book(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(world.lawyer)
    path, weeks = f"/cases/{world.case.id}/book", []
    while path:
        page = await (await browser.get(path)).text()
        later = re.search(r'href="([^"]+)" aria-label="下一周"', page)
        path = html.unescape(later[1]) if later else ""
        weeks.append(page)
    assert len(weeks) == 13
    assert 'name="starts_at" value="2026-12-2' in weeks[-1]
    assert "2026-12-28T09" not in weeks[-1]


async def test_days_beyond_all_calendars_are_refused_in_words(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(world.lawyer)
    path = f"/cases/{world.case.id}/book"
    for week in ("9999-12-31", "0001-01-01"):
        assert (await browser.get(f"{path}?week={week}")).status == 422
    form = CHOICE | {"starts_at": "9999-12-29T09:00:00+08:00"}
    assert (await browser.post(path, data=form)).status == 422


async def test_a_hold_that_expired_cannot_be_submitted(
    world: World, signed_in: SignedIn, clock: SetClock
) -> None:
    lawyer = await signed_in(world.lawyer)
    path = await hold(world, lawyer)
    clock.move(timedelta(minutes=10))
    answer = await lawyer.post(f"{path}/submit", data={"purpose": "plea"})
    assert answer.status == 409
    assert "已经释放" in await answer.text()


async def test_rule_7_a_hold_that_is_over_by_another_nodes_clock_books_nothing(
    world: World, signed_in: SignedIn, clock: SetClock, database: Database
) -> None:
    lawyer = await signed_in(world.lawyer)
    path = await hold(world, lawyer)
    ahead = clock.now() + timedelta(minutes=11)
    other = Claim(resource(ResourceKind.LAWYER, world.stranger.id), TUESDAY_10, BookingId("b" * 26))
    async with database.transaction() as tx:
        await tx.slots.claim([other], expires_at=None, now=ahead)
    answer = await lawyer.post(f"{path}/submit", data={"purpose": "plea"})
    assert answer.status == 409
    assert "已经释放" in await answer.text()
    async with database.reading() as tx:
        assert await tx.slots.bookings_of_cases(frozenset({world.case.id})) == ()


async def test_submitting_twice_makes_one_booking(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    lawyer = await signed_in(world.lawyer)
    path = (await book(world, lawyer)).replace("/bookings/", "/holds/")
    assert (await lawyer.post(f"{path}/submit", data={"purpose": "plea"})).status == 200
    async with database.reading() as tx:
        assert len(await tx.slots.bookings_of_cases(frozenset({world.case.id}))) == 1


async def test_choosing_another_slot_gives_the_first_back(
    world: World, database: Database, signed_in: SignedIn
) -> None:
    lawyer = await signed_in(world.lawyer)
    later = {"starts_at": (TUESDAY_10 + timedelta(hours=4)).isoformat(), "minutes": "60"}
    paths = [await hold(world, lawyer, choice) for choice in (None, later, None)]
    async with database.reading() as tx:
        kept = await tx.slots.holds_of(world.lawyer.id)
    assert [paths[-1].rpartition("/")[2]] == [each.id for each in kept]


async def test_a_refusal_needs_a_reason_and_an_alternative_and_reaches_the_lawyer(
    world: World, signed_in: SignedIn
) -> None:
    lawyer = await signed_in(world.lawyer)
    path = await book(world, lawyer)
    officer = await signed_in(world.officer)
    refusal = {"version": "1", "reason": "F-07"}
    assert (await officer.post(f"{path}/return", data={"version": "1"})).status == 422
    assert "至少勾选一个替代时段" in await (await officer.post(f"{path}/return", data=refusal)).text()
    desk = await (await officer.get("/desk")).text()
    offered = re.findall(r'name="alternatives" value="([^"]+)"', desk)
    answer = await officer.post(f"{path}/return", data=[*refusal.items(), ("alternatives", offered[0])])
    assert answer.status == 200
    listed = await (await lawyer.get("/meetings")).text()
    assert "F-07" in listed
    week = await (await lawyer.get(path)).text()
    assert "看守所未同意" in week
    assert "办案机关提讯占用" in week


async def test_a_stale_form_decides_nothing(world: World, signed_in: SignedIn) -> None:
    path = await book(world, await signed_in(world.lawyer))
    officer = await signed_in(world.officer)
    assert (await officer.post(f"{path}/confirm", data={"version": "7"})).status == 412


async def test_a_cancelled_booking_frees_its_slot_and_closes_its_meeting(
    world: World, signed_in: SignedIn
) -> None:
    path = await confirmed(world, signed_in)
    lawyer = await signed_in(world.lawyer)
    booking = path.replace("/meetings/", "/bookings/")
    assert (await lawyer.post(f"{booking}/cancel", data={"reason": "C-01"})).status == 200
    await hold(world, lawyer)
    assert (await lawyer.get(path)).status == 403


async def _end_assignment_of_lawyer(world: World, signed_in: SignedIn, database: Database) -> None:
    await _end_assignment(world.lawyer, world, signed_in, database)


async def _end_assignment(lawyer: Account, world: World, signed_in: SignedIn, database: Database) -> None:
    officer = account(Role.LEGAL_AID_OFFICER, organisation_id=world.case.institution_id, seeded=True)
    async with database.reading() as tx:
        assignments = await tx.cases.assignments_of(world.case.id)
    (made,) = [each for each in assignments if each.account_id == lawyer.id]
    answer = await (await signed_in(officer)).post(
        f"/assignments/{made.id}/end", data={"version": made.version, "reason": "lawyer_unable"}
    )
    assert answer.status == 200


async def test_rule_7_the_end_of_an_assignment_leaves_a_shared_booking_to_the_colleague_alone(
    world: World, signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    await book(world, await signed_in(world.lawyer), CHOICE | {"with": world.colleague.id})
    await _end_assignment_of_lawyer(world, signed_in, database)
    ended, stays = (resource(ResourceKind.LAWYER, each.id) for each in (world.lawyer, world.colleague))
    async with database.reading() as tx:
        (booking,) = await tx.slots.bookings_of_cases(frozenset({world.case.id}))
        busy = await tx.slots.busy((ended, stays), booking.slot, now=clock.now())
    assert (booking.status, booking.lawyer_ids) == (BookingStatus.REQUESTED, (world.colleague.id,))
    assert not busy.get(ended)
    assert set(busy[stays]) == set(booking.slot.granules())


async def test_a_colleague_who_left_while_the_slot_was_held_is_not_booked(
    world: World, signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    lawyer = await signed_in(world.lawyer)
    path = await hold(world, lawyer, CHOICE | {"with": world.colleague.id})
    await _end_assignment(world.colleague, world, signed_in, database)
    assert (await lawyer.post(f"{path}/submit", data={"purpose": "plea"})).status == 200
    ended = resource(ResourceKind.LAWYER, world.colleague.id)
    async with database.reading() as tx:
        (booking,) = await tx.slots.bookings_of_cases(frozenset({world.case.id}))
        assert not await tx.slots.busy((ended,), booking.slot, now=clock.now())
    assert booking.lawyer_ids == (world.lawyer.id,)


async def test_a_hold_is_forgotten_a_day_after_it_was_over(
    world: World, signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    await hold(world, await signed_in(world.lawyer))
    clock.move(timedelta(days=2))
    later = CHOICE | {"starts_at": (TUESDAY_10 + timedelta(days=7)).isoformat()}
    await hold(world, await signed_in(world.colleague), later)
    async with database.reading() as tx:
        assert await tx.slots.holds_of(world.lawyer.id) == ()
        assert len(await tx.slots.holds_of(world.colleague.id)) == 1


async def test_the_end_of_an_assignment_frees_what_only_its_lawyer_had_claimed(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    path = await confirmed(world, signed_in)
    former = await signed_in(world.lawyer)
    await hold(world, former, CHOICE | {"starts_at": (TUESDAY_10 + timedelta(hours=4)).isoformat()})
    await _end_assignment_of_lawyer(world, signed_in, database)
    async with database.reading() as tx:
        (booking,) = await tx.slots.bookings_of_cases(frozenset({world.case.id}))
        assert await tx.slots.holds_of(world.lawyer.id) == ()
        meeting = await tx.rooms.meeting(MeetingId(booking.id))
    assert (booking.status, booking.reason) == (BookingStatus.CANCELLED, ReasonCode.CASE_CHANGED)
    assert meeting is not None
    assert meeting.status is MeetingStatus.CLOSED
    assert path.endswith(booking.id)
    await hold(world, await signed_in(world.colleague))


async def test_the_desk_of_another_role_is_refused(world: World, signed_in: SignedIn) -> None:
    assert (await (await signed_in(world.lawyer)).get("/desk")).status == 403


async def test_anonymous_visitors_are_sent_to_sign_in(world: World, anonymous: Browser) -> None:
    for path in ("/desk", "/meetings", f"/cases/{world.case.id}/book"):
        answer = await anonymous.get(path, allow_redirects=False)
        assert (answer.status, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")


async def test_the_case_and_the_desk_of_its_lawyer_show_the_meeting(
    world: World, signed_in: SignedIn, clock: SetClock
) -> None:
    path = await confirmed(world, signed_in)
    clock.move(TUESDAY_10 - timedelta(minutes=30) - clock.now())
    lawyer = await signed_in(world.lawyer)
    for page in (f"/cases/{world.case.id}", "/cases"):
        assert path in await (await lawyer.get(page)).text()


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_meeting_around_midnight_is_work_of_both_days(
    world: World, signed_in: SignedIn, database: Database, clock: SetClock, minutes: int
) -> None:
    await open_day_and_night(world, database)
    midnight = datetime(2026, 9, 28, 16, 0, tzinfo=UTC)
    starts_at = midnight + timedelta(minutes=minutes)
    path = await confirmed(world, signed_in, {"starts_at": starts_at.isoformat(), "minutes": "30"})
    for now in (midnight - timedelta(minutes=15), midnight + timedelta(minutes=15)):
        clock.move(now - clock.now())
        desk = await (await signed_in(world.officer)).get("/desk")
        assert "今天 1 场会见" in await desk.text()
        assert path in await (await (await signed_in(world.lawyer)).get("/cases")).text()


async def test_asking_for_a_meeting_starts_the_facilitys_48_hours(
    world: World, signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    await book(world, await signed_in(world.lawyer))
    async with database.reading() as tx:
        facts = await tx.cases.facts_of(frozenset({world.case.id}))
    assert facts[world.case.id]["lawyer_presented_three_documents"] == clock.now()
