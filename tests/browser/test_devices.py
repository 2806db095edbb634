"""The fake devices themselves: what a camera and a microphone are given is what a page gets."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpServer

from tests.browser.devices import make_devices
from tests.browser.launcher import Launcher

LOOK_AND_LISTEN = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
  const video = Object.assign(document.createElement("video"), {srcObject: stream, muted: true});
  await video.play();
  const context = new AudioContext();
  const analyser = Object.assign(context.createAnalyser(), {fftSize: 32768});
  context.createMediaStreamSource(stream).connect(analyser);
  const heard = new Float32Array(analyser.frequencyBinCount).fill(-Infinity);
  let loudest = 0;
  for (let tries = 0; tries < 100 && !(heard[loudest] > -40); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    analyser.getFloatFrequencyData(heard);
    loudest = heard.indexOf(Math.max(...heard));
  }
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(video, 0, 0);
  const [red, green, blue] = canvas.getImageData(50, 50, 1, 1).data;
  return {red, green, blue, tone_hz: loudest * context.sampleRate / analyser.fftSize};
}"""


async def empty_page(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>empty</title>", content_type="text/html")


async def test_a_page_sees_the_colour_and_hears_the_tone_of_its_own_person(
    launcher: Launcher, aiohttp_server: AiohttpServer, tmp_path: Path
) -> None:
    application = web.Application()
    application.router.add_get("/", empty_page)
    server = await aiohttp_server(application)
    for name, colour, tone_hz in (("lawyer", (200, 30, 30), 440), ("client", (30, 30, 200), 1000)):
        devices = make_devices(tmp_path / name, colour=colour, tone_hz=tone_hz)
        page = await (await launcher.launch(devices)).new_page()
        await page.goto(str(server.make_url("/")))
        seen = await page.evaluate(LOOK_AND_LISTEN)
        assert (seen["red"], seen["green"], seen["blue"]) == pytest.approx(colour, abs=12)
        assert seen["tone_hz"] == pytest.approx(tone_hz, abs=3)


async def test_the_old_chromium_is_as_old_as_the_pages_are_made_for(launcher: Launcher) -> None:
    browser = await launcher.launch_old()
    page = await browser.new_page()
    assert browser.version.startswith("92.")
    assert await page.evaluate("() => typeof structuredClone") == "undefined"
