"""Makes the picture in the README: `.venv/bin/python -m tests.browser.screenshot`."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Page

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.service import sign_in_as_seeded
from tests.browser.launcher import launching
from tests.browser.province import Province, province
from tests.fakes.clock import SetClock

PICTURE = Path(__file__).parents[2] / "docs" / "screenshot.png"
MORNING = datetime(2026, 9, 28, 1, 12, tzinfo=UTC)
CASE_LINK = "main a[href^='/cases/']"
CLOSED = "已结案"


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with province(Path(folder), SetClock(MORNING)) as demo, launching() as launcher:
            page = await (await launcher.launch()).new_page(viewport={"width": 1280, "height": 860})
            await _open_a_case(demo, page)
            await page.evaluate("() => document.fonts.ready")
            await page.screenshot(path=PICTURE)


async def _open_a_case(demo: Province, page: Page) -> None:
    """Opens the first case of the demo that a lawyer has at work."""
    async with demo.database.transaction() as tx:
        accounts = await tx.people.seeded_accounts()
        lawyers = [account for account in accounts if account.role is Role.LAWYER]
        tokens = [await sign_in_as_seeded(account.id, tx, demo.clock) for account in lawyers]
    for token in tokens:
        await page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demo.address}])
        await page.goto(demo.address)
        links = await page.locator(CASE_LINK).evaluate_all("(links) => links.map((link) => link.href)")
        for link in dict.fromkeys(links):
            await page.goto(link)
            if not await page.get_by_text(CLOSED).count():
                return
    message = "no lawyer of the demo has a case at work"
    raise LookupError(message)


if __name__ == "__main__":
    asyncio.run(main())
