"""A meeting whose media may leave each browser through a TURN server only, and the media port takes it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page

from server.rooms.turn import TurnServer as Relay
from tests.browser.devices import make_devices
from tests.browser.launcher import Launcher
from tests.browser.rehearsal import WHO, rehearsing
from tests.browser.senses import COLOUR_ERROR, WITHIN_MS, frames_flow, hears, sees
from tests.servers.turn import SECRET, CoturnServer, NodeTurnServer, TurnServer
from tests.unit.rooms.meetings import CLIENT, ZHOU

RED, BLUE = (200, 30, 30), (30, 30, 200)
LAWYERS_HZ, CLIENTS_HZ = 440, 1000
RELAY_ALONE = """
  const Direct = RTCPeerConnection;
  window.connections = [];
  RTCPeerConnection = class extends Direct {
    constructor(configuration) {
      super({...configuration, iceTransportPolicy: "relay"});
      window.connections.push(this);
    }
  };"""
"""Has the browser behave as behind a firewall that lets nothing through but the way to the TURN server."""
WAYS = """async () => {
  const ways = [];
  for (const connection of connections.filter(({connectionState}) => connectionState === "connected")) {
    const reports = await connection.getStats();
    for (const pair of reports.values())
      if (pair.type === "candidate-pair" && pair.nominated)
        ways.push(reports.get(pair.localCandidateId).candidateType);
  }
  return ways;
}"""


@pytest.fixture(params=[NodeTurnServer, CoturnServer])
async def turn(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TurnServer]:
    if request.param is CoturnServer and shutil.which("turnserver") is None:
        pytest.skip("coturn is not installed on this machine")
    server: TurnServer = request.param(tmp_path)
    try:
        await server.start()
        yield server
    finally:
        server.remove()


async def test_those_whom_only_a_relay_reaches_see_and_hear_each_other(
    launcher: Launcher, turn: TurnServer, tmp_path: Path
) -> None:
    async with rehearsing(Relay(turn.urls, SECRET)) as (_, server):

        async def come(person: str, path: str, colour: tuple[int, int, int], tone_hz: int) -> Page:
            devices = make_devices(tmp_path / person, colour=colour, tone_hz=tone_hz)
            context = await (await launcher.launch(devices)).new_context(locale="zh-CN")
            url = str(server.make_url(path))
            await context.add_cookies([{"name": WHO, "value": person, "url": url}])
            page = await context.new_page()
            await page.add_init_script(RELAY_ALONE)
            await page.goto(url)
            return page

        lawyer = await come(ZHOU.id, "/room", RED, LAWYERS_HZ)
        client = await come(CLIENT.id, "/kiosk", BLUE, CLIENTS_HZ)
        await lawyer.locator(f'[data-admit="{CLIENT.id}"]').click(timeout=WITHIN_MS)
        for page, other, colour, tone_hz in (
            (lawyer, CLIENT, BLUE, CLIENTS_HZ),
            (client, ZHOU, RED, LAWYERS_HZ),
        ):
            video = f'video[data-participant="{other.id}"]'
            assert await sees(page, video) == pytest.approx(colour, abs=COLOUR_ERROR)
            await hears(page, video, tone_hz)
            await frames_flow(page, "audio.opened", "video.opened")
            await page.wait_for_function(f"async () => (await ({WAYS})()).length === 2", timeout=WITHIN_MS)
            assert await page.evaluate(WAYS) == ["relay", "relay"]
