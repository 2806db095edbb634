"""Alerts from the fact that starts a clock to the message that leaves, on each engine."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import literal_column, select, update

from server.alerts.delivering import LEASE
from server.alerts.model import Alert, AlertKind, Contact
from server.alerts.own_ways import Webhooks
from server.alerts.policy import ESCALATION, GIVE_UP_AFTER
from server.alerts.ports import NotDelivered
from server.alerts.reach import Reach
from server.cases.deadlines.calendar import CalendarEntry
from server.cases.deadlines.choices import Choice, Question
from server.cases.model import AssignmentStatus, CaseFact, CaseStatus, Extension
from server.ground import Ground
from server.kernel.clock import local_date
from server.kernel.identity import Role
from server.kernel.ids import AccountId
from server.people.model import Account
from server.settings import Settings
from server.town_crier import TownCrier
from storage.database import Database
from storage.tables.alerts import delivery
from storage.tables.cases import case_fact, legal_case
from tests.factories import account, assignment
from tests.fakes.clock import SetClock
from tests.town import SEALER, Town
from tests.world import Where, World, make_world

ACCEPTED = "lawyer_accepted_assignment"
TWO_DAYS = timedelta(days=2)
"""How long after a lawyer accepted it is that the first meeting, within three days, is due soon."""
LATE, SOON = AlertKind.OVERDUE, AlertKind.DUE_SOON


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
def town(database: Database, clock: SetClock) -> Town:
    return Town(database, clock)


async def note(town: Town, world: World, key: str, at: datetime, *, withdrawn: bool = False) -> None:
    """Notes a fact of the case that is everyone's own."""
    fact = CaseFact(
        case_id=world.cases[Where.OWN].id, key=key, at=at, actor="x:y", recorded_at=at, withdrawn=withdrawn
    )
    async with town.database.transaction() as tx:
        await tx.cases.add_fact(fact)


async def raised(town: Town, world: World, duty: str = "meet_client") -> list[Alert]:
    async with town.database.reading() as tx:
        found = await tx.alerts.alerts_of_case(world.cases[Where.OWN].id)
    return [each for each in found if each.duty == duty]


async def told(town: Town, alert: Alert) -> set[AccountId]:
    async with town.database.reading() as tx:
        return {each.account_id for each in await tx.alerts.told_of(alert.id)}


async def test_a_duty_is_told_of_when_it_is_due_soon_and_again_when_it_is_late_and_each_once(
    town: Town, world: World, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - TWO_DAYS)
    await town.cry()
    assert [each.kind for each in await raised(town, world)] == [SOON]
    clock.move(timedelta(days=30))
    for _ in range(3):
        await town.cry()
    soon, late = await raised(town, world)
    assert (soon.kind, late.kind) == (SOON, LATE)
    assert late.raised_at == clock.now()
    assert (soon.settled_at, late.settled_at) == (clock.now(), None), "one of them is enough"


async def test_a_case_whose_clocks_cant_be_counted_holds_up_no_other(
    town: Town, world: World, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - TWO_DAYS)
    other = CaseFact(
        case_id=world.cases[Where.OTHER].id,
        key=ACCEPTED,
        at=clock.now(),
        actor="x:y",
        recorded_at=clock.now(),
    )
    async with town.database.transaction() as tx:
        await tx.cases.add_fact(other)
        at_the_end_of_time = update(case_fact).values({"at": literal_column("253402300799999999")})
        await tx.connection.execute(at_the_end_of_time.where(case_fact.c.case_id == other.case_id))
    await town.cry()
    assert [each.kind for each in await raised(town, world)] == [SOON]
    async with town.database.reading() as tx:
        assert await tx.cases.stale_plans(limit=1) == (), "it is not tried again until it changes"


async def test_a_case_that_cant_even_be_read_holds_up_no_alert_that_is_planned(
    town: Town, world: World, clock: SetClock, database_url: str, tmp_path: Path
) -> None:
    await note(town, world, ACCEPTED, clock.now())
    await town.cry()
    async with town.database.transaction() as tx:
        await tx.cases.put_case(world.cases[Where.OTHER])
        beyond_the_end_of_time = update(legal_case).values(
            {"hearing_at": literal_column("999999999999999999")}
        )
        await tx.connection.execute(
            beyond_the_end_of_time.where(legal_case.c.id == world.cases[Where.OTHER].id)
        )
    clock.move(timedelta(days=30))
    ground = Ground(Settings(data_dir=tmp_path, database_url=database_url), clock)
    ending, lawyer = asyncio.Event(), frozenset({f"account:{world.accounts[Role.LAWYER].id}"})
    async with ground.bus.subscribe(lawyer) as subscription, asyncio.timeout(10):
        crying = asyncio.create_task(TownCrier(ground).run(ending))
        assert (await subscription.next()).event == "AlertRaised"
        ending.set()
        await crying
    await ground.database.close()


async def test_a_duty_that_is_done_in_time_is_told_of_no_more(
    town: Town, world: World, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - TWO_DAYS)
    await town.cry()
    await note(town, world, "first_meeting_held", clock.now())
    clock.move(timedelta(days=30))
    await town.cry()
    (soon,) = await raised(town, world)
    assert soon.settled_at is not None


async def test_an_end_that_moves_is_told_of_anew_and_what_was_told_of_the_former_is_settled(
    town: Town, world: World, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - TWO_DAYS)
    await town.cry()
    await note(town, world, ACCEPTED, clock.now() + timedelta(days=20))
    clock.move(timedelta(days=30))
    await town.cry()
    first, *others = await raised(town, world)
    assert first.settled_at is not None
    assert {each.due_at > first.due_at for each in others} == {True}


async def test_a_case_that_ends_settles_its_alerts(town: Town, world: World, clock: SetClock) -> None:
    await note(town, world, ACCEPTED, clock.now() - TWO_DAYS)
    await town.cry()
    async with town.database.transaction() as tx:
        await tx.cases.put_case(replace(world.cases[Where.OWN], status=CaseStatus.ARCHIVED, version=2))
    clock.move(timedelta(days=60))
    await town.cry()
    assert {each.settled_at is None for each in await raised(town, world)} == {False}


async def test_what_is_due_after_closing_is_told_of_though_the_case_is_closed(
    town: Town, world: World, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - TWO_DAYS)
    await note(town, world, "objection_received", clock.now())
    async with town.database.transaction() as tx:
        await tx.cases.put_case(replace(world.cases[Where.OWN], status=CaseStatus.TERMINATED, version=2))
    clock.move(timedelta(days=20))
    await town.cry()
    assert await raised(town, world) == []
    (late,) = (each for each in await raised(town, world, "decide_objection") if each.kind is LATE)
    assert late.rule_id == "A08"
    assert await told(town, late) == {world.accounts[Role.LEGAL_AID_OFFICER].id}


@pytest.mark.parametrize("change", ["fact", "case", "extension", "calendar", "choice", "assignment"])
async def test_whatever_moves_a_clock_makes_the_plan_stale_in_the_same_transaction(
    town: Town, world: World, clock: SetClock, change: str
) -> None:
    await town.cry()
    one = world.cases[Where.OWN]
    async with town.database.transaction() as tx:
        assert await tx.cases.stale_plans(limit=9) == ()
        match change:
            case "fact":
                fact = CaseFact(
                    case_id=one.id, key=ACCEPTED, at=clock.now(), actor="x:y", recorded_at=clock.now()
                )
                await tx.cases.add_fact(fact)
            case "case":
                await tx.cases.put_case(replace(one, version=2))
            case "extension":
                extension = Extension(
                    case_id=one.id,
                    rule_id="C06",
                    months=1,
                    days=0,
                    decision="1",
                    actor="x:y",
                    recorded_at=clock.now(),
                )
                await tx.cases.add_extension(extension)
            case "choice":
                await tx.cases.add_choice(
                    Choice(
                        question=Question.PRESUMED_DAYS,
                        answer="workdays",
                        actor="x:y",
                        chosen_at=clock.now(),
                    )
                )
            case "calendar":
                await tx.cases.remove_calendar_entry(clock.now().date())
            case _:
                await tx.cases.add_assignment(
                    assignment(one.id, world.accounts[Role.LAWYER].id, status=AssignmentStatus.PROPOSED)
                )
        stale = {each.case.id: each.cause for each in await tx.cases.stale_plans(limit=9)}
    assert stale[one.id] == {"extension": "extension", "calendar": "calendar", "choice": "choice"}.get(
        change, "event"
    )
    assert (len(stale) > 1) == (change in {"calendar", "choice"})
    assert world.cases[Where.CLOSED].id not in stale, "nothing of it is planned any more"


async def test_an_open_alert_of_a_case_that_is_over_follows_the_calendar_too(
    town: Town, world: World, clock: SetClock
) -> None:
    await town.cry()
    closed = world.cases[Where.CLOSED]
    async with town.database.transaction() as tx:
        (settled,) = await tx.alerts.alerts_of_case(closed.id)
        await tx.alerts.put_alert(replace(settled, settled_at=None))
        await tx.cases.remove_calendar_entry(clock.now().date())
        assert closed.id in {each.case.id for each in await tx.cases.stale_plans(limit=9)}


async def test_how_each_end_was_counted_is_kept_with_why(town: Town, world: World, clock: SetClock) -> None:
    one = world.cases[Where.OWN]

    async def kept() -> list[tuple[str, str | None, str]]:
        await town.cry()
        async with town.database.reading() as tx:
            found = (await tx.cases.reckonings_of(frozenset({one.id})))[one.id]
        return [
            (each.trigger, local_date(each.due_at).isoformat() if each.due_at else None, each.cause)
            for each in found
            if each.duty == "meet_client"
        ]

    assert await kept() == []
    at = datetime(2026, 9, 28, 1, tzinfo=UTC)
    await note(town, world, ACCEPTED, at)
    history = [(ACCEPTED, "2026-10-09", "event")]
    assert await kept() == history
    assert await kept() == history, "nothing has changed"
    async with town.database.transaction() as tx:
        for day in (8, 9):
            await tx.cases.put_calendar_entry(CalendarEntry(date(2026, 10, day), working=False, name=""))
    history.append((ACCEPTED, "2026-10-11", "calendar"))
    assert await kept() == history
    await note(town, world, ACCEPTED, at - timedelta(days=7))
    history.append((ACCEPTED, "2026-09-25", "event"))
    assert await kept() == history
    async with town.database.transaction() as tx:
        left_out = Choice(question=Question.TARGETS, answer="left_out", actor="x:y", chosen_at=clock.now())
        await tx.cases.add_choice(left_out)
    assert [(each[1], each[2]) for each in await kept()][3:] == [(None, "choice")]


async def test_first_those_are_told_who_have_to_do_it_then_the_institution_then_the_area(
    town: Town, world: World, clock: SetClock
) -> None:
    lawyer, officer, coordinator = (
        world.accounts[role].id for role in (Role.LAWYER, Role.LEGAL_AID_OFFICER, Role.COORDINATOR)
    )
    await note(town, world, ACCEPTED, clock.now() - timedelta(days=60))
    await town.cry()
    late = next(each for each in await raised(town, world) if each.kind is LATE)
    assert await told(town, late) == {lawyer}
    clock.move(ESCALATION[LATE][0])
    await town.cry()
    assert await told(town, late) == {lawyer, officer}
    clock.move(ESCALATION[LATE][1])
    await town.cry()
    assert await told(town, late) == {lawyer, officer, coordinator}
    clock.move(timedelta(days=10))
    await town.cry()
    assert await told(town, late) == {lawyer, officer, coordinator}


async def test_where_nobody_is_at_a_level_the_next_is_told_at_once(
    town: Town, world: World, clock: SetClock
) -> None:
    async with town.database.transaction() as tx:
        for each in await tx.cases.assignments_of(world.cases[Where.OWN].id):
            await tx.cases.put_assignment(replace(each, status=AssignmentStatus.ENDED))
    await note(town, world, ACCEPTED, clock.now() - timedelta(days=60))
    await town.cry()
    late = next(each for each in await raised(town, world) if each.kind is LATE)
    assert await told(town, late) == {world.accounts[Role.LEGAL_AID_OFFICER].id}


async def test_what_the_defence_writes_down_is_told_to_no_coordinator(
    town: Town, world: World, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - timedelta(days=60))
    for _ in range(4):
        await town.cry()
        clock.move(timedelta(days=2))
    async with town.database.reading() as tx:
        alerts = await tx.alerts.alerts_of_case(world.cases[Where.OWN].id)
    kept = [each for each in alerts if world.accounts[Role.AGENCY_OFFICER].id in await told(town, each)]
    assert {each.duty for each in kept} <= {"notify_legal_aid", "assign_lawyer", "file_papers"}


async def test_a_lawyer_who_comes_to_the_case_is_told_of_what_is_open(
    town: Town, world: World, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - timedelta(days=60))
    await town.cry()
    late = next(each for each in await raised(town, world) if each.kind is LATE)
    second = account(Role.LAWYER)
    async with town.database.transaction() as tx:
        await tx.people.add_account(second, password_hash=None)
        await tx.cases.add_assignment(assignment(late.case_id, second.id))
    await town.cry()
    assert second.id in await told(town, late)


async def with_contact(town: Town, person: Account, *, email: str = "", phone: str = "") -> None:
    async with town.database.transaction() as tx:
        await tx.alerts.put_contact(Contact(account_id=person.id, email=email, phone=phone))


async def one_late_duty(town: Town, world: World, clock: SetClock) -> None:
    """Raises one alert and settles the rest: that the lawyer has not met the client."""
    await with_contact(town, world.accounts[Role.LAWYER], email="zhou@example.com", phone="13800000000")
    await note(town, world, ACCEPTED, clock.now() - TWO_DAYS)
    await town.cry()


async def test_messages_leave_by_every_way_that_a_person_gave_and_tell_nothing_of_the_case(
    town: Town, world: World, clock: SetClock
) -> None:
    await one_late_duty(town, world, clock)
    await town.send()
    alerts = 0
    async with town.database.reading() as tx:
        alerts = len(await tx.alerts.open_alerts_of(world.accounts[Role.LAWYER].id))
    assert len(town.outside.sent) == 2 * alerts > 0
    one, (party, *_) = world.cases[Where.OWN], ["张某"]
    for _, to, text in town.outside.sent:
        assert to in {"zhou@example.com", "13800000000"}
        for secret in (one.number, one.agency_number, one.offence, one.id, party):
            assert secret not in text
    await town.send()
    assert len(town.outside.sent) == 2 * alerts, "each leaves once"


async def test_a_message_that_is_refused_is_tried_again_under_the_same_id_and_given_up_after_a_day(
    town: Town, world: World, clock: SetClock
) -> None:
    await one_late_duty(town, world, clock)
    town.outside.refuses = True
    await town.send()
    town.outside.refuses = False
    await town.send()
    assert town.outside.sent == [], "not at once"
    clock.move(timedelta(seconds=5))
    await town.send()
    count = len(town.outside.sent)
    assert count > 0
    assert len({message_id for message_id, _, _ in town.outside.sent}) == count


@pytest.mark.parametrize("failure", [NotDelivered("refused"), RuntimeError("of a library's")], ids=str)
async def test_what_cannot_be_delivered_for_a_day_is_given_up(
    town: Town, world: World, clock: SetClock, failure: Exception
) -> None:
    await one_late_duty(town, world, clock)
    town.outside.refuses, town.outside.failure = True, failure
    for _ in range(60):
        await town.send()
        clock.move(timedelta(hours=1))
    async with town.database.reading() as tx:
        assert await tx.alerts.stuck_deliveries(clock.now()) == 0
    assert clock.now() - GIVE_UP_AFTER > (await raised(town, world))[0].raised_at


async def test_what_somebody_saw_to_meanwhile_leaves_no_more(
    town: Town, world: World, clock: SetClock
) -> None:
    await one_late_duty(town, world, clock)
    async with town.database.transaction() as tx:
        for alert in await tx.alerts.open_alerts_of(world.accounts[Role.LAWYER].id):
            await tx.alerts.put_alert(replace(alert, settled_at=clock.now()))
    await town.send()
    assert town.outside.sent == []


async def test_what_is_taken_further_late_is_tried_for_a_day_from_then_on(
    town: Town, world: World, clock: SetClock
) -> None:
    officer = world.accounts[Role.LEGAL_AID_OFFICER]
    await with_contact(town, officer, email="li@example.com")
    await one_late_duty(town, world, clock)
    clock.move(timedelta(hours=25))
    await town.cry()
    town.outside.refuses = True
    await town.send()
    town.outside.refuses = False
    clock.move(timedelta(seconds=5))
    await town.send()
    (warning,) = [each for each in await raised(town, world) if each.kind is SOON]
    query = select(delivery).where(delivery.c.alert_id == warning.id, delivery.c.target == officer.id)
    async with town.database.reading() as tx:
        (further,) = await tx.connection.execute(query)
    assert (further.attempts, further.sent_at, further.given_up_at) == (2, clock.now(), None)


async def test_a_worker_that_dies_while_it_sends_leaves_the_message_to_the_next(
    town: Town, world: World, clock: SetClock
) -> None:
    await one_late_duty(town, world, clock)
    async with town.database.transaction() as tx:
        leased = await tx.alerts.lease_deliveries(clock.now(), until=clock.now() + LEASE, limit=100)
    await town.send()
    assert town.outside.sent == []
    clock.move(LEASE)
    await town.send()
    assert {message_id for message_id, _, _ in town.outside.sent} == {each.id for each in leased}


async def test_two_workers_raise_nothing_twice(
    town: Town, world: World, database: Database, clock: SetClock
) -> None:
    await note(town, world, ACCEPTED, clock.now() - timedelta(days=60))
    other = Town(database, clock)
    await asyncio.gather(*(each.cry() for each in (town, other) * 4))
    await town.cry()
    async with database.reading() as tx:
        alerts = await tx.alerts.alerts_of_case(world.cases[Where.OWN].id)
    keys = [(each.duty, each.kind, each.due_at) for each in alerts]
    assert len(keys) == len(set(keys)) > 0


async def test_an_agency_hears_of_its_own_duties_by_webhook_and_of_no_other(
    town: Town, world: World, clock: SetClock
) -> None:
    agency = world.places[Where.OWN].agency
    admin = world.accounts[Role.SYSTEM_ADMIN].identity
    await Webhooks(town.database, SEALER, clock, Reach()).add(agency.id, "https://agency.example/hook", admin)
    await note(town, world, "agency_found_art25_1_or_art28", clock.now() - timedelta(days=60))
    await note(town, world, ACCEPTED, clock.now() - timedelta(days=60))
    await town.cry()
    await town.send()
    bodies = [body for _, to, body in town.outside.sent if to.startswith("https://")]
    assert bodies
    assert {'"duty":"notify_legal_aid"' in body for body in bodies} == {True}
    assert {world.cases[Where.OWN].agency_number in body for body in bodies} == {True}
