"""One case from the agency's notice to the encrypted meeting, as its people play it in their browsers."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, BrowserContext, Page, expect

from server.demo.seed import DEMO_AGENCY_KEY
from tests.browser.devices import make_devices
from tests.browser.installations import Installation, embedded, of_two_nodes
from tests.browser.launcher import Launcher
from tests.browser.senses import COLOUR_ERROR, WRONG_KEYS, frames, frames_flow, hears, sees, tracks
from tests.documents import scan

CLIENT = "钱某某"
RED, BLUE = (200, 30, 30), (30, 30, 200)
LAWYERS_HZ, CLIENTS_HZ = 440, 1000
OTHERS_VIEW, GUARDS_VIEW = "video[data-participant]", "figure video"
OUTSIDERS = ("周某", "林某")
"""They lead other cases, and are asked for nothing here."""
COMMENT = "伤情鉴定时间与监控不符"
LIVE_WITHIN_MS = 20_000
NUMBER = "平检刑诉受〔2026〕900号"
NOTICE = {
    "agency_number": NUMBER,
    "letter_number": "平检援通〔2026〕900号",
    "recipient": {"name": CLIENT, "gender": "male", "born_on": "1990-05-06", "ethnicity": "汉族"},
    "offence": "故意伤害",
    "stage": "prosecution_review",
    "reason": "full_coverage",
    "facility": "平舆县看守所",
    "contact": "白某，0396-5550900",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers, and a way in for each person."""

    place: Installation
    browser: Browser
    """For everybody who needs no camera."""

    async def person(
        self, name: str, browser: Browser | None = None, *, script: str = "", meets: bool = False
    ) -> Page:
        """Opens a browser of one's own and chooses whom to be."""
        address = (self.place.meetings if meets else self.place.other).address
        context = await (browser or self.browser).new_context(locale="zh-CN", base_url=address)
        page = await context.new_page()
        await page.add_init_script(script)
        await page.goto("/choose")
        leading = page.get_by_role("button", name=f"以{name}的身份进入")
        if not await leading.count():
            await page.locator("details summary").first.click()
            leading = page.locator("button.person", has=page.locator(f"b:text-is('{name}')"))
        await leading.click()
        await page.wait_for_url(lambda url: "/choose" not in url)
        return page


async def _notify(agency: ClientSession) -> str:
    """Sends the agency's notice; returns the case's identifier."""
    headers = {"Authorization": f"Bearer {DEMO_AGENCY_KEY}", "Idempotency-Key": "the-whole-case"}
    async with agency.post("/api/v1/notices", json=NOTICE, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return answer.headers["Location"].rpartition("/")[2]


async def _ranked(coordinator: Page) -> Sequence[str]:
    names = await coordinator.locator("li.cand > div:first-of-type > b").all_inner_texts()
    return [name for name in names if name not in OUTSIDERS]


async def _assign(stage: Stage, coordinator: Page, case_id: str, *, but: str = "") -> tuple[str, Page]:
    """Proposes the best lawyer, who sees it without reloading, and accepts."""
    await coordinator.locator(f"main a[href*='{case_id}']").first.click(timeout=LIVE_WITHIN_MS)
    name = next(name for name in await _ranked(coordinator) if name != but)
    lawyer = await stage.person(name)
    before = await lawyer.locator("a[href^='/assignments/']").count()
    candidate = coordinator.locator("li.cand", has=coordinator.locator(f"b:text-is('{name}')"))
    await candidate.get_by_role("button", name=f"请{name}{'协办' if but else '主办'}").click()
    offers = lawyer.locator("a[href^='/assignments/']")
    await expect(offers).to_have_count(before + 1, timeout=LIVE_WITHIN_MS)
    for href in await offers.evaluate_all("(links) => links.map((link) => link.getAttribute('href'))"):
        await lawyer.goto(href)
        if await lawyer.get_by_text(NUMBER).count():
            break
    await lawyer.get_by_role("button", name="接受指派").click()
    await lawyer.wait_for_url(f"**/cases/{case_id}")
    return name, lawyer


async def _upload(lawyer: Page, pdf: Path) -> None:
    await lawyer.locator("#upload-file").set_input_files(pdf)
    await lawyer.get_by_role("button", name="上传卷宗").click()
    await expect(lawyer.get_by_text("卷宗已上传")).to_be_visible(timeout=LIVE_WITHIN_MS)


async def _annotate(lawyer: Page) -> None:
    """Draws a region on the page and writes why."""
    picture = lawyer.locator("img.r-image").first
    await expect(picture).to_have_js_property("complete", value=True, timeout=LIVE_WITHIN_MS)
    await lawyer.locator("[data-do=region]").click()
    await lawyer.locator("[data-meaning=doubt]").click()
    box = await picture.bounding_box()
    assert box is not None
    await lawyer.mouse.move(box["x"] + 60, box["y"] + 60)
    await lawyer.mouse.down()
    await lawyer.mouse.move(box["x"] + 260, box["y"] + 160, steps=5)
    await lawyer.mouse.up()
    await lawyer.locator("#comment").fill(COMMENT)
    await lawyer.get_by_role("button", name="保存批注").click()


async def _book(lawyer: Page, case_id: str, colleague: str) -> str:
    """Asks for a slot that begins within the half hour; returns the terminal's name."""
    await lawyer.goto(f"/cases/{case_id}/book")
    await lawyer.get_by_label(colleague).check()
    slot = lawyer.locator("button.slot-free").first
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    soon = now + timedelta(minutes=10 - now.minute % 5)
    async with lawyer.expect_navigation():
        # In one step: a live page may draw its slots anew in between.
        await slot.evaluate("(button, at) => { button.value = at; button.click(); }", soon.isoformat())
    check = lawyer.locator("aside", has_text="核对并提交")
    found = re.search(r"平舆县看守所 (\d+ 号终端)", await check.inner_text())
    assert found is not None
    await check.get_by_role("button", name="提交预约").click()
    return found[1]


async def _approve(officer: Page) -> str:
    """Says yes at the desk; returns the six digits of the slip of paper."""
    await officer.get_by_role("button", name=f"同意：{CLIENT}").click(timeout=LIVE_WITHIN_MS)
    row = officer.locator("tr", has_text=CLIENT)
    await expect(row).to_be_visible(timeout=LIVE_WITHIN_MS)
    found = re.search(r"\b(\d{3}) (\d{3})\b", await row.inner_text())
    assert found is not None
    return found[1] + found[2]


async def _pair(officer: Page, terminal: str) -> str:
    await officer.goto("/terminals")
    await officer.get_by_role("button", name=f"生成配对码：{terminal}").click()
    return (await officer.locator(".code-xl").inner_text()).strip()


async def _sit_down(kiosk: Page, pairing_code: str, meeting_code: str) -> None:
    """Makes the browser the terminal, types the meeting's code and hears the notice."""
    await kiosk.goto("/kiosk/pair")
    await kiosk.locator("input[name=code]").fill(pairing_code)
    await kiosk.get_by_role("button", name="配对这台终端").click()
    await kiosk.wait_for_url("**/kiosk")
    await kiosk.locator("#code").fill(meeting_code)
    await kiosk.get_by_role("button", name="进入", exact=True).click()
    await kiosk.get_by_role("button", name="听懂了，开始").click()
    await expect(kiosk.get_by_text("请坐，正在等律师进来").first).to_be_visible(timeout=LIVE_WITHIN_MS)


async def _go_in(lawyer: Page, meeting_id: str) -> None:
    await lawyer.goto(f"/meetings/{meeting_id}")
    await lawyer.locator("input[name=alone]").check()
    await lawyer.locator("input[name=quiet]").check()
    await lawyer.get_by_role("button", name="进入会见室").click()
    await lawyer.wait_for_url("**/room**")


async def _meeting_of(lawyer: Page, case_id: str) -> str:
    """Returns the meeting's identifier from the way in that the case's page shows."""
    await lawyer.goto(f"/cases/{case_id}")
    href = await lawyer.get_by_role("link", name="进入会见").first.get_attribute("href")
    assert href is not None
    return href.rpartition("/")[2]


async def _statuses(context: BrowserContext, paths: Sequence[str]) -> dict[str, int]:
    return {path: (await context.request.get(path)).status for path in paths}


@pytest.fixture(params=["embedded", "two nodes"])
def servers(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The environment that names the servers of several nodes; nothing for one process."""
    if request.param == "embedded":
        return {}
    return {
        "LIANBIAN_DATABASE_URL": request.getfixturevalue("postgresql_url"),
        "LIANBIAN_REDIS_URL": request.getfixturevalue("valkey").url,
        "LIANBIAN_OBJECTS_URL": request.getfixturevalue("seaweed").url,
    }


@pytest.fixture
async def place(servers: Mapping[str, str], tmp_path: Path) -> AsyncIterator[Installation]:
    """Everything in one process; or two web processes and a worker on PostgreSQL, Redis and S3."""
    async with of_two_nodes(tmp_path, servers) if servers else embedded(tmp_path) as installation:
        yield installation


@pytest.mark.timeout(600)
async def test_a_case_from_notice_to_meeting(place: Installation, launcher: Launcher, tmp_path: Path) -> None:
    pdf = tmp_path / "诉讼证据卷.pdf"
    pdf.write_bytes(scan(2))
    stage = Stage(place, await launcher.launch())
    coordinator = await stage.person("何某")
    async with ClientSession(place.meetings.address) as agency:
        case_id = await _notify(agency)
    name, _ = await _assign(stage, coordinator, case_id)
    await coordinator.goto("/cooperation")
    second_name, second = await _assign(stage, coordinator, case_id, but=name)

    devices = make_devices(tmp_path / "lawyer", colour=RED, tone_hz=LAWYERS_HZ)
    lawyer = await stage.person(name, await launcher.launch(devices), meets=True)
    await lawyer.goto(f"/cases/{case_id}")
    await _upload(lawyer, pdf)
    await lawyer.get_by_role("link", name="开始阅卷").click()
    dossier = lawyer.url.partition("?")[0].removeprefix(place.meetings.address)
    await second.goto(dossier)
    await _annotate(lawyer)
    await expect(second.get_by_text(COMMENT)).to_be_visible(timeout=LIVE_WITHIN_MS)

    officer = await stage.person("孙某", meets=True)
    terminal = await _book(lawyer, case_id, second_name)
    meeting_code = await _approve(officer)
    meeting_id = await _meeting_of(lawyer, case_id)
    pairing_code = await _pair(officer, terminal)

    devices = make_devices(tmp_path / "kiosk", colour=BLUE, tone_hz=CLIENTS_HZ)
    context = await (await launcher.launch(devices)).new_context(
        locale="zh-CN", base_url=place.meetings.address
    )
    kiosk = await context.new_page()
    await _sit_down(kiosk, pairing_code, meeting_code)
    await _go_in(lawyer, meeting_id)
    await lawyer.locator("[data-admit]").click(timeout=LIVE_WITHIN_MS)
    await _check_meeting(lawyer, kiosk)

    await officer.goto("/desk")
    await officer.get_by_role("button", name="开始巡看").click(timeout=LIVE_WITHIN_MS)
    assert await sees(officer, GUARDS_VIEW) == pytest.approx(BLUE, abs=COLOUR_ERROR)
    assert await tracks(officer, GUARDS_VIEW) == ["video"]
    await frames_flow(officer, "video.opened")
    assert (await frames(officer))["audio"]["opened"] == 0
    await expect(lawyer.locator("[data-watching]")).to_contain_text("看守所正在看")

    stranger = await stage.person(second_name, script=WRONG_KEYS, meets=True)
    await _go_in(stranger, meeting_id)
    await frames_flow(stranger, "audio.refused.forged", "video.refused.forged")
    for counts in (await frames(stranger)).values():
        assert counts["opened"] == 0

    outsider = await stage.person(OUTSIDERS[0])
    secret = (
        f"/cases/{case_id}",
        f"/cases/{case_id}/dossiers",
        dossier,
        f"{dossier}/manifest",
        f"{dossier}/pages/1",
        f"{dossier}/annotations",
        f"/cases/{case_id}/book",
        f"/bookings/{meeting_id}",
        f"/meetings/{meeting_id}",
        f"/meetings/{meeting_id}/room",
        f"/meetings/{meeting_id}/socket",
    )
    assert await _statuses(outsider.context, secret) == dict.fromkeys(secret, 404)
    assert "Traceback" not in place.said()


async def _check_meeting(lawyer: Page, kiosk: Page) -> None:
    """Each recognises the other's colour and tone; every frame is sealed, in both directions."""
    for page, colour, tone_hz in ((lawyer, BLUE, CLIENTS_HZ), (kiosk, RED, LAWYERS_HZ)):
        assert await sees(page, OTHERS_VIEW) == pytest.approx(colour, abs=COLOUR_ERROR)
        await hears(page, OTHERS_VIEW, tone_hz)
        await frames_flow(page, "audio.sealed", "audio.opened", "video.sealed", "video.opened")
        for counts in (await frames(page)).values():
            assert counts["refused"]["forged"] == counts["refused"]["malformed"] == 0
    code = await lawyer.locator(".safe-code").first.inner_text()
    assert await kiosk.locator(".safe-code").first.inner_text() == code
