"""A meeting in real browsers: whose picture and sound arrive, in how many sealed frames, and at whom not."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.rooms.model import Participant
from server.rooms.protocol import AllCommitted, Message
from tests.browser.devices import make_devices
from tests.browser.launcher import Launcher
from tests.browser.rehearsal import WHO, Rehearsal, rehearsing
from tests.browser.senses import (
    COLOUR_ERROR,
    WITHIN_MS,
    WRONG_KEYS,
    frames,
    frames_flow,
    hears,
    hears_hz,
    plays,
    sees,
    tracks,
)
from tests.unit.rooms.meetings import CLIENT, GUARD, ZHOU

RED, BLUE = (200, 30, 30), (30, 30, 200)
LAWYERS_HZ, CLIENTS_HZ = 440, 1000
CODE = re.compile(r"\d\d \d\d \d\d \d\d")
OTHER_HASH = "A" * 43

RESTARTS = """async (selector) => {
  let count = 0;
  document.querySelector(selector).addEventListener("emptied", () => { count += 1; });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return count;
}"""
WIDTH_PX = "(selector) => document.querySelector(selector).videoWidth"
TEXT = "(selector) => document.querySelector(selector).textContent"


@dataclass(frozen=True, slots=True)
class House:
    """A rehearsed meeting, and a way in for each person."""

    rehearsal: Rehearsal
    come: Callable[..., Awaitable[Page]]


@pytest.fixture
async def house(launcher: Launcher, tmp_path: Path) -> AsyncIterator[House]:
    async with rehearsing() as (rehearsal, server):
        looks = {ZHOU: (RED, LAWYERS_HZ), CLIENT: (BLUE, CLIENTS_HZ), GUARD: ((30, 200, 30), 2000)}

        async def come(person: Participant, path: str, script: str = "", *, old: bool = False) -> Page:
            colour, tone_hz = looks[person]
            devices = make_devices(tmp_path / person.id, colour=colour, tone_hz=tone_hz)
            launch = launcher.launch_old(*devices.flags) if old else launcher.launch(devices)
            browser = await launch
            context = await browser.new_context(locale="zh-CN")
            url = str(server.make_url(path))
            await context.add_cookies([{"name": WHO, "value": person.id, "url": url}])
            page = await context.new_page()
            await page.add_init_script(script)
            await page.goto(url)
            return page

        yield House(rehearsal, come)


async def _meet(house: House, *, old_terminal: bool = False) -> tuple[Page, Page]:
    """Lawyer and recipient, let in, their code on both screens."""
    lawyer = await house.come(ZHOU, "/room")
    client = await house.come(CLIENT, "/kiosk", old=old_terminal)
    await lawyer.locator(f'[data-admit="{CLIENT.id}"]').click(timeout=WITHIN_MS)
    for page in (lawyer, client):
        await expect(page.locator(".safe-code")).to_have_text(CODE, timeout=WITHIN_MS)
    return lawyer, client


def _picture(person: Participant) -> str:
    """The place of somebody's picture; asked by `evaluate`, for locators need more than Chromium 92 has."""
    return f'video[data-participant="{person.id}"]'


@pytest.mark.parametrize("old_terminal", [False, True], ids=["current", "Chromium 92 at the terminal"])
async def test_each_recognises_the_other_and_every_frame_is_sealed(
    house: House, *, old_terminal: bool
) -> None:
    lawyer, client = await _meet(house, old_terminal=old_terminal)
    for page, other, colour, tone_hz in ((lawyer, CLIENT, BLUE, CLIENTS_HZ), (client, ZHOU, RED, LAWYERS_HZ)):
        await plays(page, _picture(other))
        assert await sees(page, _picture(other)) == pytest.approx(colour, abs=COLOUR_ERROR)
        await hears(page, _picture(other), tone_hz)
        assert await page.evaluate(RESTARTS, _picture(other)) == 0
        await frames_flow(page, "audio.sealed", "audio.opened", "video.sealed", "video.opened")
        for counts in (await frames(page)).values():
            assert counts["refused"]["forged"] == counts["refused"]["malformed"] == 0
    code = await lawyer.locator(".safe-code").inner_text()
    assert await client.evaluate(TEXT, ".safe-code") == code
    await expect(lawyer.locator("[data-encryption]")).to_contain_text("口令待核对")
    await lawyer.get_by_role("button", name="核对口令").click()
    await expect(lawyer.get_by_role("dialog")).to_contain_text(code)
    await lawyer.keyboard.press("Escape")
    await expect(lawyer.get_by_role("dialog")).to_have_count(0)
    await lawyer.get_by_role("button", name="核对口令").click()
    await lawyer.get_by_role("button", name="数字相同").click()
    await expect(lawyer.locator("[data-encryption]")).to_contain_text("口令已核对")


async def test_the_guard_sees_the_recipient_and_hears_nobody_and_everyone_is_told(house: House) -> None:
    lawyer, client = await _meet(house)
    code = await lawyer.locator(".safe-code").inner_text()
    await expect(lawyer.locator("[data-watching]")).to_contain_text("现在没有人看")
    guard = await house.come(GUARD, "/watch")
    await guard.get_by_role("button", name="开始巡看").click()
    await plays(guard, "video")
    assert await sees(guard, "video") == pytest.approx(BLUE, abs=COLOUR_ERROR)
    assert await tracks(guard, "video") == ["video"]
    await frames_flow(guard, "video.opened")
    counts = await frames(guard)
    assert counts["audio"]["opened"] == counts["audio"]["sealed"] == counts["video"]["sealed"] == 0
    await expect(lawyer.locator("[data-watching]")).to_contain_text("看守所正在看")
    await expect(client.locator(".k-side")).to_contain_text("民警正在看")
    await expect(lawyer.locator(".safe-code")).not_to_have_text(code, timeout=WITHIN_MS)
    await guard.get_by_role("button", name="停止巡看").click()
    await expect(lawyer.locator("[data-watching]")).to_contain_text("现在没有人看", timeout=WITHIN_MS)


async def test_a_dropped_websocket_comes_back_with_the_same_code_and_media_flow_on(house: House) -> None:
    lawyer, client = await _meet(house)
    await plays(client, _picture(ZHOU))
    code = await lawyer.locator(".safe-code").inner_text()
    house.rehearsal.hang_up(ZHOU)
    await expect(client.get_by_text("断线")).to_have_count(0)
    await expect(lawyer.get_by_text("您的网络断线")).to_be_visible(timeout=WITHIN_MS)
    await expect(lawyer.get_by_text("您的网络断线")).to_have_count(0, timeout=WITHIN_MS)
    assert await lawyer.locator(".safe-code").inner_text() == code
    await frames_flow(client, "audio.opened")
    before = (await frames(client))["audio"]["opened"]
    await frames_flow(client, "audio.opened", least=before + 50)


async def test_a_server_that_changes_a_key_is_found_out_and_nothing_is_sent(house: House) -> None:
    def change_a_commitment(message: Message, receiver: Participant) -> Message:
        if receiver == ZHOU and isinstance(message, AllCommitted):
            return message.model_copy(update={"commitments": {**message.commitments, CLIENT.id: OTHER_HASH}})
        return message

    house.rehearsal.tamper = change_a_commitment
    lawyer = await house.come(ZHOU, "/room")
    client = await house.come(CLIENT, "/kiosk")
    await lawyer.locator(f'[data-admit="{CLIENT.id}"]').click(timeout=WITHIN_MS)
    await expect(lawyer.locator("[data-encryption=bad]")).to_contain_text("已停止传送", timeout=WITHIN_MS)
    await lawyer.wait_for_timeout(3000)
    for page in (lawyer, client):
        for counts in (await frames(page)).values():
            assert (counts["sealed"], counts["opened"]) == (0, 0)


async def test_a_peer_whose_keys_are_wrong_decodes_no_frame(house: House) -> None:
    client = await house.come(CLIENT, "/kiosk")
    lawyer = await house.come(ZHOU, "/room", WRONG_KEYS)
    await lawyer.locator(f'[data-admit="{CLIENT.id}"]').click(timeout=WITHIN_MS)
    await plays(client, _picture(ZHOU))
    await frames_flow(client, "audio.opened", "video.opened")
    await frames_flow(lawyer, "audio.refused.forged", "video.refused.forged")
    for counts in (await frames(lawyer)).values():
        assert counts["opened"] == 0
    assert await lawyer.evaluate(WIDTH_PX, _picture(CLIENT)) == 0
    assert await hears_hz(lawyer, _picture(CLIENT)) == 0
