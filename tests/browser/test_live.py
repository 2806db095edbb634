"""A page that is open stays current by itself, and never at the cost of what somebody writes in it."""

from pathlib import Path

from playwright.async_api import Browser, expect

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.service import issue_pairing_code, pair
from tests.browser.province import Province, province


async def _pair_another(demo: Province) -> None:
    """Pairs the second terminal of the duty officer's facility, as an officer elsewhere would."""
    async with demo.database.transaction() as tx:
        accounts = await tx.people.seeded_accounts()
        officer = next(account for account in accounts if account.role is Role.FACILITY_OFFICER)
        assert officer.organisation_id is not None
        terminals = await tx.people.terminals_of(officer.organisation_id)
        code = await issue_pairing_code(terminals[1].id, officer.identity, tx, demo.clock)
    await pair(code, demo.database, demo.clock)


async def test_an_open_page_shows_what_happened_elsewhere_without_being_loaded_again(
    tmp_path: Path, browser: Browser
) -> None:
    async with province(tmp_path) as demo:
        context = await browser.new_context()
        token = (await demo.sessions())[Role.FACILITY_OFFICER]
        assert token is not None
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demo.address}])
        page = await context.new_page()
        async with page.expect_websocket():
            await page.goto(f"{demo.address}/terminals")
        paired = page.get_by_text("已配对", exact=True)
        await expect(paired).to_have_count(1)
        await page.evaluate("() => { window.isSamePage = true; }")
        await _pair_another(demo)
        await expect(paired).to_have_count(2)
        assert await page.evaluate("() => window.isSamePage")
        await context.close()
