"""The duty desk on small screens: what happens now is in view without scrolling."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from tests.browser.province import province
from tests.fakes.clock import SetClock

NOW_IN_VIEW = """(table) => {
  const now = table.querySelector(".gantt-now").getBoundingClientRect();
  const {left, right} = table.getBoundingClientRect();
  const name = table.querySelector(".gt").getBoundingClientRect();
  return now.left >= name.right && now.right <= right && Math.abs(name.left - left) < 2;
}"""


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_timetable_opens_at_the_present_beside_the_terminals_names(
    tmp_path: Path, browser: Browser, width: int
) -> None:
    async with province(tmp_path) as demo:
        assert isinstance(demo.clock, SetClock)
        demo.clock.move(timedelta(hours=6))
        token = (await demo.sessions())[Role.FACILITY_OFFICER]
        assert token is not None
        context = await browser.new_context(viewport={"width": width, "height": 844})
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demo.address}])
        page = await context.new_page()
        await page.goto(f"{demo.address}/desk")
        table = page.locator("[data-live=day]")
        await expect(table.locator(".gantt-now").first).to_be_attached()
        await page.wait_for_function(f"() => ({NOW_IN_VIEW})(document.querySelector('[data-live=day]'))")
        await context.close()
