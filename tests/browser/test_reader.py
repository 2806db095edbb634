"""The reader in a real browser: two lawyers on one dossier, with pointer, keyboard and a small screen."""

import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import select

from server.app import DATABASE, compose
from server.casefiles.model import DossierStatus
from server.http.identity import SESSION_COOKIE
from server.kernel.events import Job
from server.kernel.ids import DossierId
from server.people.model import Account
from server.people.sessions import sign_in_as_seeded
from server.settings import Settings
from storage.database import Database
from storage.tables.audit import audit_entry
from tests import documents, dossiers
from tests.databases import copy_file
from tests.fakes.clock import SetClock
from tests.http.work import Work, becomes, stored_work
from tests.objects import local_store
from tests.until import until

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = 6


@dataclass(frozen=True, slots=True)
class Desk:
    """A running application with one case and one dossier of `PAGES` pages."""

    address: str
    database: Database
    work: Work
    base: str
    browser: Browser

    async def page(self, account: Account, *, width: int = 1280, height: int = 900) -> Page:
        """Opens a browser of `account`'s own; errors of the page's scripts fail the test."""
        async with self.database.transaction() as tx:
            token = await sign_in_as_seeded(account.id, tx, SetClock())
        context = await self.browser.new_context(viewport={"width": width, "height": height})
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.address}])
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        return page

    async def read(self, account: Account, query: str = "", *, width: int = 1280) -> Page:
        page = await self.page(account, width=width)
        await page.goto(f"{self.address}{self.base}{query}")
        await expect(page.locator(".r-sheet")).to_be_visible()
        return page

    async def viewed(self) -> list[int]:
        """The pages that the log says were shown, in order."""
        query = select(audit_entry.c.details).where(audit_entry.c.event == "PageViewed")
        async with self.database.reading() as tx:
            rows = await tx.connection.execute(query.order_by(audit_entry.c.number))
        return [json.loads(row.details)["page"] for row in rows]


@pytest.fixture
async def desk(tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    await copy_file(tmp_path / "lianbian.db")
    settings = Settings(data_dir=tmp_path, demo=False)
    app = compose(settings, clock=SetClock())
    database = app[DATABASE]
    async with TestServer(app) as server:
        work = await stored_work(database)
        made = dossiers.dossier(work.case.id, received_from=work.lead.id)

        async def whole() -> AsyncIterator[bytes]:
            yield documents.scan(PAGES)

        await local_store(settings, database).of(made.case_id).put(made.original_key, whole())
        async with database.transaction() as tx:
            await tx.casefiles.add_dossier(made)
            tx.enqueue(Job("split_dossier", made.id))
        await becomes(database, made.id, DossierStatus.READY)
        address = str(server.make_url("/")).rstrip("/")
        yield Desk(address, database, work, f"/cases/{work.case.id}/dossiers/{made.id}", browser)
        for context in browser.contexts:
            await context.close()


async def draw(page: Page) -> None:
    """Drags a region on the page."""
    sheet = await page.locator(".r-sheet").bounding_box()
    assert sheet is not None
    await page.mouse.move(sheet["x"] + 100, sheet["y"] + 100)
    await page.mouse.down()
    await page.mouse.move(sheet["x"] + 300, sheet["y"] + 160, steps=4)
    await page.mouse.up()


async def test_what_one_lawyer_marks_the_other_sees_without_reloading(desk: Desk) -> None:
    lead = await desk.read(desk.work.lead)
    colleague = await desk.read(desk.work.assisting)
    await expect(lead.locator("[data-reader=marking]")).to_be_visible()
    await lead.keyboard.press("r")
    await lead.keyboard.press("2")
    await draw(lead)
    await lead.keyboard.type("只有一名民警签名，rrr 222")
    await lead.keyboard.press("Control+Enter")
    note = colleague.locator(".cmt-r")
    await expect(note).to_contain_text("只有一名民警签名，rrr 222")
    await expect(colleague.locator("rect.rg-r")).to_have_count(1)
    await expect(colleague.locator("[data-reader=announce]")).to_contain_text("周某")


async def test_a_region_is_drawn_by_keyboard_alone_and_announced(desk: Desk) -> None:
    page = await desk.read(desk.work.lead)
    await expect(page.locator("[data-reader=marking]")).to_be_visible()
    await page.keyboard.press("r")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(page.locator("[data-reader=announce]")).to_contain_text("上 31%，宽 41%")
    await page.keyboard.press("Enter")
    await page.keyboard.type("键盘标注")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".cmt-y")).to_contain_text("键盘标注")
    await expect(page.locator("[data-reader=middle]")).to_be_focused()


async def test_a_stale_change_shows_both_texts_and_keeps_ones_own(desk: Desk) -> None:
    lead = await desk.read(desk.work.lead)
    await expect(lead.locator("[data-reader=marking]")).to_be_visible()
    await lead.keyboard.press("r")
    await draw(lead)
    await lead.keyboard.type("第一稿")
    await lead.keyboard.press("Control+Enter")
    colleague = await desk.read(desk.work.assisting)
    for page in (lead, colleague):
        await page.locator(".cmt button").first.click()
    await colleague.locator("#comment").fill("同事的文字")
    await colleague.keyboard.press("Control+Enter")
    await expect(colleague.locator(".cmt")).to_contain_text("同事的文字")
    await lead.locator("#comment").fill("我的文字")
    await lead.keyboard.press("Control+Enter")
    await expect(lead.locator(".r-form .banner")).to_contain_text("同事的文字")
    await expect(lead.locator("#comment")).to_have_value("我的文字")
    await lead.locator("#comment").fill("同事的文字，我的文字")
    await lead.keyboard.press("Control+Enter")
    await expect(colleague.locator(".cmt")).to_contain_text("同事的文字，我的文字")


async def test_keys_turn_pages_but_never_while_typing_and_nonsense_is_ignored(desk: Desk) -> None:
    page = await desk.read(desk.work.lead)
    box = page.locator("#page")
    await expect(page.locator(".thumb")).to_have_count(PAGES)
    await page.keyboard.press("ArrowRight")
    await expect(box).to_have_value("2")
    await page.keyboard.press("End")
    await expect(box).to_have_value(str(PAGES))
    await page.keyboard.press("ArrowRight")
    await expect(box).to_have_value(str(PAGES))
    await box.fill("第三页")
    await box.press("Enter")
    await expect(box).to_have_value(str(PAGES))
    await box.fill("3")
    await box.press("ArrowLeft")
    await box.press("Enter")
    await expect(box).to_have_value("3")
    await expect(page).to_have_url(re.compile(r"\?page=3$"))
    await page.go_back()
    await expect(box).to_have_value(str(PAGES))


async def test_only_pages_that_were_shown_are_logged(desk: Desk) -> None:
    page = await desk.read(desk.work.lead, "?page=3")
    await expect(page.locator(".thumb")).to_have_count(PAGES)
    await page.wait_for_load_state("networkidle")
    assert await desk.viewed() == [3], "thumbnails and pages fetched ahead are not views"
    async with page.expect_response(lambda answer: answer.url.endswith("/pages/4/views")):
        await page.keyboard.press("ArrowRight")
    assert await desk.viewed() == [3, 4]


async def test_a_large_picture_that_is_slow_is_preceded_by_a_small_one(desk: Desk) -> None:
    page = await desk.read(desk.work.lead)
    await expect(page.locator(".thumb")).to_have_count(PAGES)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/pages/6?size=reading**", hold)
    await page.keyboard.press("End")
    await expect(page.locator(".r-image[src*='pages/6?size=preview']")).to_be_visible()
    await until(lambda: bool(held))
    await held[0].continue_()
    await expect(page.locator(".r-image[src*='pages/6?size=reading']")).to_be_visible()


async def test_without_scripts_pages_are_read_and_turned(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        token = await sign_in_as_seeded(desk.work.lead.id, tx, SetClock())
    context = await desk.browser.new_context(java_script_enabled=False)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": desk.address}])
    page = await context.new_page()
    await page.goto(f"{desk.address}{desk.base}?page=2")
    await page.get_by_label("下一页").click()
    await expect(page).to_have_url(re.compile(r"\?page=3$"))
    await expect(page.locator(".r-image")).to_have_js_property("naturalWidth", 620)


@pytest.mark.parametrize("width", [360, 390, 1024, 1280, 1440])
async def test_the_reader_fits_every_screen_without_barriers(desk: Desk, width: int) -> None:
    page = await desk.read(desk.work.lead, "?page=2", width=width)
    await expect(page.locator(".thumb")).to_have_count(PAGES)
    await page.locator("[data-do=region]").click()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#comment")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    violations: list[Any] = await page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
        ".map(({id, nodes}) => `${id}: ${nodes.map(({target}) => target).join(' ')}`)"
    )
    assert violations == []


async def test_an_upload_goes_on_after_a_reload_where_it_stopped(desk: Desk, tmp_path: Path) -> None:
    content = documents.scan(1) + b"%" * (9 << 20)
    path = tmp_path / "卷.pdf"
    path.write_bytes(content)
    page = await desk.page(desk.work.lead)
    await page.goto(f"{desk.address}/cases/{desk.work.case.id}/dossiers")
    sent: list[int] = []

    async def cut_after_two(route: Route) -> None:
        if route.request.method != "PATCH":
            await route.continue_()
            return
        sent.append(int(route.request.headers["upload-offset"]))
        # Two parts of four megabytes get there; the third, sent when they are, does not come through.
        await (route.continue_() if len(sent) <= 2 else route.abort())

    await page.route("**/uploads/*", cut_after_two)
    await page.set_input_files("#upload-file", path)
    await page.get_by_role("button", name="上传卷宗").click()
    await expect(page.locator("progress.prog")).to_be_visible()
    await until(lambda: len(sent) > 2)
    await page.reload()
    await page.unroute("**/uploads/*")
    await page.set_input_files("#upload-file", path)
    async with page.expect_request(lambda request: request.method == "PATCH") as resumed:
        await page.get_by_role("button", name="上传卷宗").click()
    assert int((await resumed.value).headers["upload-offset"]) == 8 << 20
    await expect(page.get_by_text("卷宗已上传")).to_be_visible()
    await expect(page.locator("table")).to_contain_text(hashlib.sha256(content).hexdigest())
    place = await page.get_by_role("link", name="开始阅卷").get_attribute("href")
    assert place is not None
    await becomes(desk.database, DossierId(place.rpartition("/")[2]), DossierStatus.READY)


async def test_a_wrong_hash_is_said_in_words_beside_the_form(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "卷.pdf"
    path.write_bytes(documents.scan(1))
    page = await desk.page(desk.work.lead)
    await page.goto(f"{desk.address}/cases/{desk.work.case.id}/dossiers")
    await page.set_input_files("#upload-file", path)
    await page.fill("#upload-sha256", "0" * 64)
    await page.get_by_role("button", name="上传卷宗").click()
    await expect(page.locator(".err")).to_contain_text("校验值不一致")
    await page.fill("#upload-sha256", "not a hash")
    await page.set_input_files("#upload-file", path)
    await page.get_by_role("button", name="上传卷宗").click()
    await expect(page.locator(".err")).to_contain_text("64 位")
