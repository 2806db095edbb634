"""The operator's calendar, and the deadlines that are counted by it."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from server.cases.deadlines.calendar import CalendarEntry
from server.cases.model import CaseFact
from server.http.health import State
from server.kernel.identity import Role
from server.probes import calendar_probe
from storage.database import Database
from storage.tables.audit import audit_entry
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.world import Where, make_world


@pytest.fixture
async def operator(signed_in: SignedIn) -> Browser:
    return await signed_in(account(Role.SYSTEM_ADMIN, name="曹某", seeded=True))


async def entries(database: Database) -> tuple[CalendarEntry, ...]:
    async with database.reading() as tx:
        return await tx.cases.calendar_entries()


async def set_days(operator: Browser, **form: str) -> int:
    return (await operator.post("/calendar", data=form, allow_redirects=False)).status


def kind_of(page: str, day: str) -> str:
    """Returns the kind as which the drawn year shows the day."""
    found = re.search(rf'<td class="([^"]*)"><a href="/calendar\?day={day}#set"', page)
    assert found
    return found[1]


async def test_a_year_is_drawn_day_by_day(operator: Browser) -> None:
    page = await (await operator.get("/calendar?year=2026")).text()
    assert page.count("<caption>") == 12
    assert page.count("#set") == 365
    kinds = [kind_of(page, f"2026-10-{day:02}") for day in (1, 4, 8, 10)]
    assert kinds == ["day-holiday", "day-weekend", "day-workday", "day-make-up"]
    assert "暂定" not in page
    ahead = await (await operator.get("/calendar?year=2028")).text()
    assert "is-provisional" in kind_of(ahead, "2028-10-01")


async def test_days_are_entered_corrected_and_given_back(operator: Browser, database: Database) -> None:
    assert (
        await set_days(operator, first="2027-10-01", last="2027-10-03", setting="off", name="国庆节") == 303
    )
    assert await set_days(operator, first="2027-10-09", setting="work") == 303
    assert await entries(database) == (
        *(CalendarEntry(date(2027, 10, day), working=False, name="国庆节") for day in (1, 2, 3)),
        CalendarEntry(date(2027, 10, 9), working=True, name=""),
    )
    page = await (await operator.get("/calendar?year=2027")).text()
    assert kind_of(page, "2027-10-01") == "day-holiday is-entered"
    assert await set_days(operator, first="2027-10-02", setting="off") == 303
    assert (await entries(database))[1].name == "休息日"
    assert await set_days(operator, first="2027-10-01", last="2027-10-09", setting="published") == 303
    assert await entries(database) == ()


async def test_each_change_is_logged(operator: Browser, database: Database) -> None:
    await set_days(operator, first="2027-10-01", last="2027-10-03", setting="off")
    async with database.reading() as tx:
        query = select(audit_entry.c.details).where(audit_entry.c.event == "CalendarChanged")
        (details,) = (await tx.connection.execute(query)).scalars()
    assert details == '{"first": "2027-10-01", "last": "2027-10-03", "setting": "off"}'


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"first": "2027-10-03", "last": "2027-10-01"}, "last"),
        ({"first": "2027-10-01", "last": "2027-11-01"}, "last"),
        ({"first": "2009-12-31"}, "first"),
        ({"first": "2060-12-31", "last": "2061-01-01"}, "first"),
        ({"first": "9999-12-31"}, "first"),
        ({"first": "soon"}, "first"),
        ({"first": "2027-10-01", "setting": "maybe"}, "setting"),
        ({"first": "2027-10-01", "name": "节" * 41}, "name"),
    ],
)
async def test_days_that_cannot_be_set_are_told_and_change_nothing(
    operator: Browser, database: Database, form: dict[str, str], field: str
) -> None:
    answer = await operator.post("/calendar", data={"setting": "off", **form})
    assert answer.status == 422
    assert f'href="#{field}"' in await answer.text()
    assert await entries(database) == ()


@pytest.mark.parametrize("query", ["year=2009", "year=2061", "year=x", "day=2026-13-01"])
async def test_a_year_beyond_the_calendar_is_refused(operator: Browser, query: str) -> None:
    assert (await operator.get(f"/calendar?{query}")).status == 422


async def test_deadlines_follow_the_calendar_at_once(
    operator: Browser, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    world = await make_world(database)
    case = world.cases[Where.OWN]
    fact = "lawyer_accepted_assignment"
    now = clock.now()
    made = CaseFact(case_id=case.id, key=fact, at=now, actor="x:y", recorded_at=now)
    async with database.transaction() as tx:
        await tx.cases.add_fact(made)
    lawyer = await signed_in(world.accounts[Role.LAWYER])

    async def due() -> str:
        page = await (await lawyer.get(f"/cases/{case.id}")).text()
        return page.partition("首次会见受援人")[2].partition("顺延至")[2][:20]

    assert "10月8日" in await due()
    await set_days(operator, first="2026-10-08", last="2026-10-09", setting="off")
    assert "10月10日" in await due()


async def test_how_unclear_days_are_counted_is_the_operators_choice_and_kept(
    operator: Browser, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    world = await make_world(database)
    case, now = world.cases[Where.OWN], clock.now()
    fact = "firm_arranged_or_received_assignment"
    made = CaseFact(case_id=case.id, key=fact, at=now, actor="x:y", recorded_at=now)
    async with database.transaction() as tx:
        await tx.cases.add_fact(made)
    lawyer = await signed_in(world.accounts[Role.LAWYER])

    async def told() -> str:
        page = await (await lawyer.get(f"/cases/{case.id}")).text()
        return page.partition("<h3>签订委托协议")[2].partition("</li>")[0]

    assert "按日历日推定" in await told()
    form = {"question": "presumed_days", "answer": "workdays"}
    answer = await operator.post("/calendar/counting", data=form)
    page = await answer.text()
    assert (answer.status, 'value="workdays" selected' in page) == (200, True)
    clock_told = await told()
    assert "10月10日 周六 24:00 届满" in clock_told
    assert "本平台设定按工作日计算" in clock_told
    assert (await operator.post("/calendar/counting", data=form)).status == 200
    async with database.reading() as tx:
        (kept,) = await tx.cases.choices()
        query = select(audit_entry.c.details).where(audit_entry.c.event == "CountingChosen")
        (details,) = (await tx.connection.execute(query)).scalars()
    assert (kept.answer, kept.actor.partition(":")[0]) == ("workdays", "system_admin")
    assert details == '{"answer": "workdays", "question": "presumed_days"}'
    assert "曹某" in page.partition('id="counting"')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    "form",
    [
        {"question": "presumed_days", "answer": "plain"},
        {"question": "anything", "answer": "calendar"},
        {"question": "targets"},
    ],
)
async def test_what_is_no_answer_to_a_question_is_refused(
    operator: Browser, database: Database, form: dict[str, str]
) -> None:
    assert (await operator.post("/calendar/counting", data=form)).status == 422
    async with database.reading() as tx:
        assert await tx.cases.choices() == ()


@pytest.mark.parametrize(
    ("on", "state"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), State.WELL),
        (datetime(2026, 11, 14, tzinfo=UTC), State.WELL),
        (datetime(2026, 11, 15, tzinfo=UTC), State.WORRYING),
        (datetime(2027, 1, 1, tzinfo=UTC), State.FAILED),
    ],
)
async def test_the_health_page_asks_for_the_next_year_in_time(
    database: Database, on: datetime, state: State
) -> None:
    assert (await calendar_probe(database, SetClock(on)).look()).state is state


async def test_a_year_that_was_entered_is_well(operator: Browser, database: Database) -> None:
    await set_days(operator, first="2027-10-09", setting="work")
    probe = calendar_probe(database, SetClock(datetime(2026, 12, 1, tzinfo=UTC)))
    assert (await probe.look()).state is State.WELL
