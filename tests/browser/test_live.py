"""A page that is open stays current by itself, and never at the cost of what somebody writes in it."""

import re
from pathlib import Path

from playwright.async_api import Browser, Page, Route, expect

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.pairing import issue_pairing_code
from tests.browser.province import Province, province
from tests.terminal_device import pair


async def _pair_another(demo: Province) -> None:
    """Pairs the second terminal of the duty officer's facility, as an officer elsewhere would."""
    async with demo.database.transaction() as tx:
        accounts = await tx.people.seeded_accounts()
        officer = next(account for account in accounts if account.role is Role.FACILITY_OFFICER)
        assert officer.organisation_id is not None
        terminals = await tx.people.terminals_of(officer.organisation_id)
        code = await issue_pairing_code(terminals[1].id, officer.identity, tx, demo.clock)
    await pair(code, demo.database, demo.clock)


async def _open_terminals(demo: Province, browser: Browser) -> Page:
    """Opens the officer's terminals, and marks the page so that it is known whether it was loaded again."""
    context = await browser.new_context()
    token = (await demo.sessions())[Role.FACILITY_OFFICER]
    assert token is not None
    await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demo.address}])
    page = await context.new_page()
    async with page.expect_websocket():
        await page.goto(f"{demo.address}/terminals")
    await page.evaluate("() => { window.isSamePage = true; }")
    return page


async def test_an_open_page_shows_what_happened_elsewhere_without_being_loaded_again(
    tmp_path: Path, browser: Browser
) -> None:
    async with province(tmp_path) as demo:
        page = await _open_terminals(demo, browser)
        paired = page.get_by_text("已配对", exact=True)
        await expect(paired).to_have_count(1)
        await _pair_another(demo)
        await expect(paired).to_have_count(2)
        assert await page.evaluate("() => window.isSamePage")
        await page.context.close()


async def _upgrade(route: Route) -> None:
    """Answers what the page fetches as a server of another build would."""
    if route.request.resource_type != "fetch":
        await route.continue_()
        return
    answer = await route.fetch()
    body = re.sub(r'name="build" content="[^"]+"', 'name="build" content="next"', await answer.text())
    assert 'content="next"' in body
    await route.fulfill(response=answer, body=body)


async def test_an_open_page_of_an_earlier_build_is_loaded_again(tmp_path: Path, browser: Browser) -> None:
    async with province(tmp_path) as demo:
        page = await _open_terminals(demo, browser)
        await page.route("**/terminals", _upgrade)
        await _pair_another(demo)
        await page.wait_for_function("() => window.isSamePage === undefined")
        await page.wait_for_load_state("load")
        await expect(page.get_by_text("已配对", exact=True)).to_have_count(2)
        await page.context.close()


async def test_whoever_is_at_work_in_a_page_of_an_earlier_build_is_told_and_loses_nothing(
    tmp_path: Path, browser: Browser
) -> None:
    async with province(tmp_path) as demo:
        page = await _open_terminals(demo, browser)
        await page.evaluate("() => document.querySelector('main').append(document.createElement('input'))")
        await page.locator("main > input").fill("写到一半")
        await page.route("**/terminals", _upgrade)
        await _pair_another(demo)
        await expect(page.get_by_text("平台刚刚更新")).to_be_visible()
        assert await page.locator("main > input").input_value() == "写到一半"
        assert await page.evaluate("() => window.isSamePage")
        await page.context.close()
