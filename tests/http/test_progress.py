"""What happens outside the platform is written down, and clocks follow it."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.cases.model import Stage
from server.kernel.identity import Role
from storage.database import Database
from tests.http.conftest import Browser, SignedIn
from tests.world import Where, World, make_world


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
async def path(world: World, database: Database) -> str:
    """A case of first instance."""
    await move(database, world, Stage.FIRST_INSTANCE)
    return f"/cases/{world.cases[Where.OWN].id}"


@pytest.fixture
async def lawyer(world: World, signed_in: SignedIn) -> Browser:
    return await signed_in(world.accounts[Role.LAWYER])


async def move(database: Database, world: World, stage: Stage) -> None:
    async with database.transaction() as tx:
        await tx.cases.put_case(replace(world.cases[Where.OWN], stage=stage))


async def record(browser: Browser, path: str, key: str, at: str) -> int:
    form = {"key": key, "at": at}
    return (await browser.post(f"{path}/progress", data=form, allow_redirects=False)).status


async def clock_of(browser: Browser, path: str, title: str) -> str:
    """Returns what the case's page says of a clock; empty if it does not run."""
    page = await (await browser.get(path)).text()
    clocks = re.findall(r'<li class="clock.*?</li>', page, re.DOTALL)
    return next((clock for clock in clocks if f"<h3>{title}" in clock), "")


async def test_a_judgment_that_was_received_starts_the_time_for_appeal(lawyer: Browser, path: str) -> None:
    assert await clock_of(lawyer, path, "上诉期限") == ""
    assert await record(lawyer, path, "judgment_received", "2026-09-25T15:00") == 303
    clock = await clock_of(lawyer, path, "上诉期限")
    assert "9月25日 周五 15:00 接到判决书" in clock
    assert "从接到的第二日9月26日起算 10 日，末日10月5日" in clock
    assert "顺延至 10月8日 周四 24:00" in clock
    assert "刑事诉讼法第二百三十条" in clock
    assert await record(lawyer, path, "appeal_filed", "2026-09-28T08:00") == 303
    assert "已办结" in await clock_of(lawyer, path, "上诉期限")


async def test_custody_is_not_made_longer_by_a_holiday(
    lawyer: Browser, path: str, database: Database, world: World
) -> None:
    await move(database, world, Stage.INVESTIGATION)
    assert await record(lawyer, path, "detained", "2026-09-28T08:00") == 303
    clock = await clock_of(lawyer, path, "提请批准逮捕")
    assert "10月1日 周四 24:00 届满" in clock
    assert "在押期间不因节假日延长" in clock


async def test_a_hearing_to_come_is_counted_back_from(lawyer: Browser, path: str) -> None:
    assert await record(lawyer, path, "before_hearing", "2026-10-15T09:30") == 303
    clock = await clock_of(lawyer, path, "送达开庭通知")
    assert "10月15日 周四 09:30 开庭" in clock
    assert "10月11日 周日 24:00 届满" in clock
    assert await record(lawyer, path, "hearing_notice_served", "2026-09-28T09:00") == 303
    assert "已办结" in await clock_of(lawyer, path, "送达开庭通知")


async def test_a_correction_counts_and_what_it_corrects_is_kept(
    lawyer: Browser, path: str, world: World
) -> None:
    await record(lawyer, path, "judgment_received", "2026-09-20T15:00")
    await record(lawyer, path, "judgment_received", "2026-09-21T15:00")
    assert "9月21日 周一 15:00 接到判决书" in await clock_of(lawyer, path, "上诉期限")
    page = await (await lawyer.get(f"{path}/progress")).text()
    holding, _, history = page.partition("全部改动")
    assert holding.count("2026年9月21日") == 1
    assert "2026年9月20日" not in holding
    assert "2026年9月20日" in history
    assert f">{world.accounts[Role.LAWYER].name}<" in history


async def test_what_was_withdrawn_counts_no_longer(lawyer: Browser, path: str) -> None:
    await record(lawyer, path, "judgment_received", "2026-09-21T15:00")
    form = {"key": "judgment_received"}
    answer = await lawyer.post(f"{path}/progress/withdraw", data=form)
    assert "还没有记录" in await answer.text()
    assert await clock_of(lawyer, path, "上诉期限") == ""
    again = await lawyer.post(f"{path}/progress/withdraw", data=form)
    assert again.status == 409


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"key": "lawyer_assigned", "at": "2026-09-21T15:00"}, "key"),
        ({"key": "detained", "at": "2026-09-21T15:00"}, "key"),
        ({"key": "judgment_received", "at": "2026-09-29T00:00"}, "at"),
        ({"key": "judgment_received", "at": "1926-09-21T15:00"}, "at"),
        ({"key": "before_hearing", "at": "2126-09-21T15:00"}, "at"),
        ({"key": "judgment_received", "at": "yesterday"}, "at"),
        ({"key": "judgment_received"}, "at"),
    ],
)
async def test_what_cannot_be_written_down_is_told_and_nothing_is_lost(
    lawyer: Browser, path: str, form: dict[str, str], field: str
) -> None:
    answer = await lawyer.post(f"{path}/progress", data=form)
    page = await answer.text()
    assert (answer.status, f'href="#{field}"' in page) == (422, True)
    assert "还没有记录" in page
    if field == "at":
        assert f'value="{form["key"]}" selected' in page


async def test_the_agency_neither_sees_the_records_nor_their_clocks(
    lawyer: Browser, path: str, world: World, signed_in: SignedIn
) -> None:
    await record(lawyer, path, "judgment_received", "2026-09-21T15:00")
    agency = await signed_in(world.accounts[Role.AGENCY_OFFICER])
    page = await (await agency.get(path)).text()
    assert "上诉期限" not in page
    assert "/progress" not in page


async def test_the_day_is_chinas_and_an_offset_is_heeded(
    lawyer: Browser, path: str, database: Database, world: World
) -> None:
    await record(lawyer, path, "judgment_received", "2026-09-21T00:30")
    case_id = world.cases[Where.OWN].id
    async with database.reading() as tx:
        facts = (await tx.cases.facts_of(frozenset({case_id})))[case_id]
    assert facts["judgment_received"] == datetime(2026, 9, 20, 16, 30, tzinfo=UTC)
    await record(lawyer, path, "judgment_received", "2026-09-21T00:30+00:00")
    async with database.reading() as tx:
        facts = (await tx.cases.facts_of(frozenset({case_id})))[case_id]
    assert facts["judgment_received"] == datetime(2026, 9, 21, 0, 30, tzinfo=UTC)


async def test_only_what_moves_a_clock_of_the_stage_is_offered(
    lawyer: Browser, path: str, database: Database, world: World
) -> None:
    offered = {}
    for stage in (Stage.INVESTIGATION, Stage.FIRST_INSTANCE):
        await move(database, world, stage)
        page = await (await lawyer.get(f"{path}/progress")).text()
        offered[stage] = set(re.findall(r'<option value="(\w+)"', page))
    early, trial = offered[Stage.INVESTIGATION], offered[Stage.FIRST_INSTANCE]
    assert {"detained", "arrested"} <= early - trial
    assert {"before_hearing", "judgment_received"} <= trial - early


async def test_who_caused_a_delay_is_recorded_and_shown_to_those_who_work_on_the_case(
    lawyer: Browser, path: str, world: World, signed_in: SignedIn
) -> None:
    await record(lawyer, path, "lawyer_requested_file", "2026-09-20T08:30")
    form = {"duty": "give_file", "party": "agency"}
    for party, sentence in (("agency", "迟延由办案机关造成"), ("recipient", "迟延由受援人造成")):
        answer = await lawyer.post(f"{path}/progress/delay", data={**form, "party": party})
        assert f'value="{party}" selected' in await answer.text()
        assert sentence in await clock_of(lawyer, path, "安排阅卷")
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    assert "迟延由受援人造成" in await clock_of(officer, path, "安排阅卷")
    agency = await signed_in(world.accounts[Role.AGENCY_OFFICER])
    assert "迟延由" not in await (await agency.get(path)).text()


async def test_what_is_not_late_has_no_cause(lawyer: Browser, path: str) -> None:
    await record(lawyer, path, "lawyer_requested_file", "2026-09-28T08:30")
    form = {"duty": "give_file", "party": "agency"}
    assert (await lawyer.post(f"{path}/progress/delay", data=form)).status == 409
    assert (await lawyer.post(f"{path}/progress/delay", data={**form, "party": "guard"})).status == 422


async def extend(browser: Browser, path: str, rule: str, n: str, decision: str = "驻检延〔2026〕3号") -> int:
    form = {"rule": rule, "n": n, "decision": decision}
    return (await browser.post(f"{path}/progress/extend", data=form, allow_redirects=False)).status


async def test_an_extension_makes_a_deadline_later_as_far_as_the_law_allows(
    lawyer: Browser, path: str, database: Database, world: World
) -> None:
    await move(database, world, Stage.INVESTIGATION)
    await record(lawyer, path, "arrested", "2026-08-31T10:00")
    assert "10月31日 周六 24:00 届满" in await clock_of(lawyer, path, "侦查羁押期限")
    assert await extend(lawyer, path, "C06", "1") == 303
    clock = await clock_of(lawyer, path, "侦查羁押期限")
    assert "11月30日 周一 24:00 届满" in clock
    assert "含经决定延长的 1 个月" in clock
    assert await extend(lawyer, path, "C06", "5") == 422
    assert await extend(lawyer, path, "C06", "4") == 303
    page = await (await lawyer.get(f"{path}/progress")).text()
    assert page.count("驻检延〔2026〕3号") == 2
    assert 'name="n"' not in page, "five months are all"
    answer = await lawyer.post(f"{path}/progress/extend/withdraw", data={"rule": "C06"})
    assert "-5 个月" in await answer.text()
    assert "10月31日 周六 24:00 届满" in await clock_of(lawyer, path, "侦查羁押期限")
    again = await lawyer.post(f"{path}/progress/extend/withdraw", data={"rule": "C06"})
    assert again.status == 409


async def test_days_are_added_to_days(lawyer: Browser, path: str, database: Database, world: World) -> None:
    await move(database, world, Stage.INVESTIGATION)
    await record(lawyer, path, "detained", "2026-09-27T10:00")
    assert await extend(lawyer, path, "C03", "4") == 303
    assert "10月4日 周日 24:00 届满" in await clock_of(lawyer, path, "提请批准逮捕")


async def test_what_does_not_run_or_cannot_be_extended_is_refused(lawyer: Browser, path: str) -> None:
    assert await extend(lawyer, path, "C06", "1") == 409
    await record(lawyer, path, "lawyer_requested_file", "2026-09-28T08:30")
    assert await extend(lawyer, path, "F03", "1") == 409
    assert await extend(lawyer, path, "F03", "0") == 422
    assert await extend(lawyer, path, "F03", "1", decision="") == 422
