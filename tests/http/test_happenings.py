"""What happens again, what only the institution tells, and how a deadline came to end otherwise."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from server.cases.model import CaseStatus, Stage
from server.kernel.identity import Role
from storage.database import Database
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.test_progress import clock_of, extend, move, record
from tests.world import Where, World, make_world

RECEIVED, RETURNED, COMPLETED = (
    "procuratorate_received_case_file",
    "returned_for_supplement",
    "supplement_returned",
)
REVIEW, SUPPLEMENT = "审查起诉期限", "补充侦查"


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
async def path(world: World, database: Database) -> str:
    """A case in examination for prosecution."""
    await move(database, world, Stage.PROSECUTION_REVIEW)
    return f"/cases/{world.cases[Where.OWN].id}"


@pytest.fixture
async def lawyer(world: World, signed_in: SignedIn) -> Browser:
    return await signed_in(world.accounts[Role.LAWYER])


@pytest.fixture
async def officer(world: World, signed_in: SignedIn) -> Browser:
    return await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])


async def happened_again(browser: Browser, path: str, key: str, at: str) -> int:
    form = {"key": key, "at": at, "again": "true"}
    return (await browser.post(f"{path}/progress", data=form, allow_redirects=False)).status


def offered(page: str) -> set[str]:
    return set(re.findall(r'<option value="(\w+)"', page))


async def test_a_review_begins_anew_after_each_of_two_returns_and_not_after_a_third(
    lawyer: Browser, path: str
) -> None:
    assert await record(lawyer, path, RECEIVED, "2026-03-02T09:00") == 303
    assert "4月2日 周四 24:00 届满" in await clock_of(lawyer, path, REVIEW)
    assert await record(lawyer, path, RETURNED, "2026-03-20T09:00") == 303
    assert "已办结" in await clock_of(lawyer, path, REVIEW)
    assert "4月20日 周一 24:00 届满" in await clock_of(lawyer, path, SUPPLEMENT)
    assert await record(lawyer, path, COMPLETED, "2026-04-15T09:00") == 303
    review = await clock_of(lawyer, path, REVIEW)
    assert "5月15日 周五 24:00 届满" in review
    assert "补充侦查完毕，依照刑事诉讼法第一百七十五条第三款重新计算" in review
    assert await happened_again(lawyer, path, RETURNED, "2026-05-10T09:00") == 303
    assert "6月10日 周三 24:00 届满" in await clock_of(lawyer, path, SUPPLEMENT)
    assert await happened_again(lawyer, path, COMPLETED, "2026-06-05T09:00") == 303
    assert "7月5日 周日 24:00 届满" in await clock_of(lawyer, path, REVIEW)
    assert await happened_again(lawyer, path, RETURNED, "2026-07-01T09:00") == 303
    assert "7月5日 周日 24:00 届满" in await clock_of(lawyer, path, REVIEW)
    page = await (await lawyer.get(f"{path}/progress")).text()
    assert [f"第 {place} 次" in page for place in (1, 2, 3, 4)] == [True, True, True, False]
    assert (await lawyer.post(f"{path}/progress/withdraw", data={"key": COMPLETED})).status == 200
    assert "已办结" in await clock_of(lawyer, path, REVIEW), "it is with the police again"


async def test_a_correction_is_no_second_time_and_a_second_time_comes_later(
    lawyer: Browser, path: str
) -> None:
    await record(lawyer, path, RETURNED, "2026-03-20T09:00")
    await record(lawyer, path, RETURNED, "2026-03-21T09:00")
    assert "4月21日 周二 24:00 届满" in await clock_of(lawyer, path, SUPPLEMENT)
    assert "第 2 次" not in await (await lawyer.get(f"{path}/progress")).text()
    assert await happened_again(lawyer, path, RETURNED, "2026-03-21T09:00") == 422


async def test_an_extension_is_of_the_period_in_which_it_was_decided(
    lawyer: Browser, path: str, clock: SetClock
) -> None:
    await record(lawyer, path, RECEIVED, "2026-08-03T09:00")
    assert await extend(lawyer, path, "C07", "15") == 303
    assert "9月18日 周五 24:00 届满" in await clock_of(lawyer, path, REVIEW)
    clock.move(timedelta(minutes=1))
    await record(lawyer, path, RETURNED, "2026-09-10T09:00")
    await record(lawyer, path, COMPLETED, "2026-09-20T09:00")
    review = await clock_of(lawyer, path, REVIEW)
    assert "10月20日 周二 24:00 届满" in review
    assert "含经决定延长" not in review
    assert await extend(lawyer, path, "C07", "15") == 303
    assert "11月4日 周三 24:00 届满" in await clock_of(lawyer, path, REVIEW)


async def test_what_the_institution_does_only_it_writes_down_and_takes_back(
    lawyer: Browser, officer: Browser, path: str
) -> None:
    key = "lai_received_application"
    assert key not in offered(await (await lawyer.get(f"{path}/progress")).text())
    assert await record(lawyer, path, key, "2026-09-21T09:00") == 422
    assert key in offered(await (await officer.get(f"{path}/progress")).text())
    assert await record(officer, path, key, "2026-09-21T09:00") == 303
    clock = await clock_of(officer, path, "审查法律援助申请")
    assert "9月28日 周一 24:00 届满" in clock
    assert "法律援助法第四十三条第一款" in clock
    assert (await lawyer.post(f"{path}/progress/withdraw", data={"key": key})).status == 409
    assert await record(officer, path, "lai_decided_to_refuse", "2026-09-22T09:00") == 303
    assert "已办结" in await clock_of(officer, path, "审查法律援助申请")


async def test_what_comes_after_closing_the_institution_still_writes_down(
    lawyer: Browser, officer: Browser, path: str, world: World, database: Database
) -> None:
    await record(lawyer, path, "case_closed", "2026-09-01T09:00")
    async with database.transaction() as tx:
        closed = replace(world.cases[Where.OWN], stage=Stage.PROSECUTION_REVIEW, status=CaseStatus.TERMINATED)
        await tx.cases.put_case(closed)
    assert (await lawyer.get(f"{path}/progress")).status == 403
    page = await (await officer.get(f"{path}/progress")).text()
    assert {"objection_received", "file_bound"} <= offered(page)
    assert "detained_person_applied" not in offered(page)
    assert await record(officer, path, "objection_received", "2026-09-21T09:00") == 303
    assert "法律援助法第四十九条第二款" in await clock_of(officer, path, "审查不予或终止决定的异议")
    assert await record(officer, path, RETURNED, "2026-09-21T09:00") == 422
    assert await extend(officer, path, "C07", "1") == 409


async def test_what_ends_a_running_deadline_is_offered_first(lawyer: Browser, path: str) -> None:
    page = await (await lawyer.get(f"{path}/progress")).text()
    assert "contact_decided" not in offered(page)
    await record(lawyer, path, "lawyer_applied_contact_victim", "2026-09-27T09:00")
    page = await (await lawyer.get(f"{path}/progress")).text()
    first = page.partition('<optgroup label="办结现在的期限">')[2].partition("</optgroup>")[0]
    assert "contact_decided" in offered(first)


async def test_a_rule_without_a_countdown_is_shown_from_when_it_holds(lawyer: Browser, path: str) -> None:
    page = await (await lawyer.get(path)).text()
    assert "律师可以向当事人核实证据。" in page
    assert "检察机关应当提前为值班律师了解案情提供便利。" not in page
    await record(lawyer, path, "before_hearing_opinion", "2026-09-21T09:00")
    page = await (await lawyer.get(path)).text()
    assert "检察机关应当提前为值班律师了解案情提供便利。" in page
    assert "刑事诉讼法第一百七十三条第三款" in page


async def test_a_page_tells_how_a_deadline_came_to_end_otherwise(lawyer: Browser, path: str) -> None:
    await record(lawyer, path, RECEIVED, "2026-09-01T09:00")
    # An alert is there once the end was counted, and kept, as it was first.
    await page_with(lawyer, "/alerts", REVIEW)
    await record(lawyer, path, RECEIVED, "2026-09-02T09:00")
    moves = _moves_of(await page_with(lawyer, f"{path}/progress", "办案事实有变"))
    assert "10月1日 周四 24:00" in moves
    assert "10月2日 周五 24:00" in moves
    assert "刑事诉讼法第一百七十二条" in moves
    assert await extend(lawyer, path, "C07", "15") == 303
    moves = _moves_of(await page_with(lawyer, f"{path}/progress", "延长期限有变"))
    assert "10月17日 周六 24:00" in moves


async def page_with(browser: Browser, address: str, words: str) -> str:
    """Waits until a page says something, and returns it."""
    async with asyncio.timeout(20):
        while True:
            page = await (await browser.get(address)).text()
            if words in page:
                return page
            await asyncio.sleep(0.1)


def _moves_of(page: str) -> str:
    return page.partition('id="moves"')[2].partition("</section>")[0]
