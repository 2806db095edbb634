"""A terminal in real Chromium: its key stays in the device, and brings it back to work by itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from server.kernel.identity import Role
from server.people.pairing import issue_pairing_code
from server.people.policy import TERMINAL_LIFE
from tests.browser.province import Province, province
from tests.fakes.clock import SetClock

TAKE_KEY_OUT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("lianbian-terminal");
  opening.onsuccess = () => {
    const asked = opening.result.transaction("keys").objectStore("keys").get("device");
    asked.onsuccess = () => crypto.subtle.exportKey("pkcs8", asked.result.privateKey).then(
      () => resolve("taken"), (error) => resolve(error.name));
  };
})"""


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Province]:
    async with province(tmp_path) as running:
        yield running


@pytest.fixture
async def kiosk(browser: Browser, demo: Province) -> AsyncIterator[Page]:
    """A terminal, paired as an officer does it."""
    async with demo.database.transaction() as tx:
        accounts = await tx.people.seeded_accounts()
        officer = next(account for account in accounts if account.role is Role.FACILITY_OFFICER)
        assert officer.organisation_id is not None
        first = (await tx.people.terminals_of(officer.organisation_id))[0]
        code = await issue_pairing_code(first.id, officer.identity, tx, demo.clock)
    context = await browser.new_context(base_url=demo.address, locale="zh-CN")
    page = await context.new_page()
    await page.goto("/kiosk/pair")
    await page.get_by_label("配对码").fill(code)
    await page.get_by_role("button", name="配对这台终端").click()
    await page.wait_for_url("**/kiosk")
    yield page
    await page.wait_for_load_state("networkidle")
    await context.close()


async def test_a_terminal_whose_session_ended_goes_back_to_work_by_itself(
    kiosk: Page, demo: Province
) -> None:
    assert isinstance(demo.clock, SetClock)
    demo.clock.move(TERMINAL_LIFE)
    await kiosk.goto("/kiosk")
    await kiosk.wait_for_url("**/kiosk")
    await expect(kiosk.get_by_label("会见码")).to_be_visible()


async def test_the_key_cannot_be_taken_out_of_the_device(kiosk: Page) -> None:
    assert await kiosk.evaluate(TAKE_KEY_OUT) == "InvalidAccessError"
