"""Every page that a person can reach, as each person: it answers, reads well aloud, and fits the screen.

Pictures of all of them are left in `build/pages`, to be looked at.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar
from playwright.async_api import Browser, Page

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from tests.browser.province import ANONYMOUS, KIOSK, Province, province
from tests.browser.walk import Visit, walk
from tests.documents import scan
from tests.faults.casework import Desk

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "build" / "pages"
WIDTHS_PX = (390, 1280, 1440)
HEIGHT_PX = 900
PERSONS = (
    ANONYMOUS,
    KIOSK,
    "lawyer",
    "coordinator",
    "facility_officer",
    "legal_aid_officer",
    "agency_officer",
    "system_admin",
    "security_admin",
    "auditor",
    "interpreter",
    "assessor",
)
NOWHERE = "/there-is-no-such-page"
STARTS = {ANONYMOUS: ("/choose", "/sign-in", "/kiosk/pair", NOWHERE)}
FOR_EVERYBODY = ("/choose", "/sign-in", "/kiosk/pair")
"""Pages that are the same for all; they are looked at once."""

FIND_VIOLATIONS = """async () => {
  const {violations} = await axe.run(document, {resultTypes: ["violations"]});
  const places = (nodes) => nodes.map(({target, failureSummary}) => `${target} ${failureSummary}`);
  return violations.map(({id, nodes}) => `${id}: ${places(nodes).join("; ")}`);
}"""
OVERFLOW_PX = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True, slots=True)
class Shown:
    """The demo, and where a dossier of the lawyer's is read."""

    demo: Province
    dossier: str

    async def visits(self, person: str, token: str | None) -> list[Visit]:
        starts = STARTS.get(person, ("/", self.dossier) if person == Role.LAWYER else ("/",))
        found = await walk(self.demo.address, token, self.demo.routes, starts=starts)
        return [visit for visit in found if person == ANONYMOUS or visit.route not in FOR_EVERYBODY]


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Shown]:
    async with (
        province(tmp_path) as running,
        ClientSession(
            running.address, headers={"Sec-Fetch-Site": "same-origin"}, cookie_jar=DummyCookieJar()
        ) as browser,
    ):
        desk = Desk()
        await desk.sit_down("张某", running.database, browser)
        yield Shown(running, await desk.upload(scan(1), browser))


async def test_no_link_leads_nowhere(shown: Shown) -> None:
    tokens = await shown.demo.sessions()
    dead = [
        (person, visit.path)
        for person in PERSONS
        for visit in await shown.visits(person, tokens[person])
        if visit.status != 200 and visit.path != NOWHERE
    ]
    assert dead == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("person", PERSONS)
async def test_every_page_is_free_of_barriers(shown: Shown, browser: Browser, person: str) -> None:
    demo = shown.demo
    token = (await demo.sessions())[person]
    context = await browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
    if token is not None:
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demo.address}])
    page = await context.new_page()
    findings: list[str] = []
    pages = [visit for visit in await shown.visits(person, token) if visit.is_page]
    for number, visit in enumerate(pages):
        await page.goto(f"{demo.address}{visit.path}", wait_until="load")
        name = f"{person}-{number:02}-{visit.route.strip('/').replace('/', '.') or 'none'}"
        for width_px in WIDTHS_PX:
            found = await _look(page, width_px, PICTURES / f"{name}-{width_px}.png")
            findings += [f"{visit.path} at {width_px}: {finding}" for finding in found]
    await context.close()
    assert not findings, "\n".join(findings)


async def _look(page: Page, width_px: int, picture: Path) -> list[str]:
    """Returns what is wrong with the page at this width, and takes its picture."""
    await page.set_viewport_size({"width": width_px, "height": HEIGHT_PX})
    await page.evaluate("() => document.fonts.ready.then(() => true)")
    await page.screenshot(path=picture, full_page=True)
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    violations: list[Any] = await page.evaluate(FIND_VIOLATIONS)
    overflow_px = await page.evaluate(OVERFLOW_PX)
    return [*map(str, violations), *([f"scrolls sideways by {overflow_px} px"] if overflow_px > 0 else [])]
