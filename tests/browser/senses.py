"""Eyes and ears for pages with video: whose colour is seen, whose tone heard, how many sealed frames pass.

Pictures are named by their selector and asked by `evaluate`, for locators need more than Chromium 92 has.
"""

import json
from typing import Any

from playwright.async_api import Page

WITHIN_MS = 30_000
COLOUR_ERROR = 32
"""The first frames are coarse; the colours of the tests are 170 apart."""

SEE = """(selector) => {
  const video = document.querySelector(selector);
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(video, 0, 0, 64, 48);
  return [...canvas.getImageData(32, 24, 1, 1).data].slice(0, 3);
}"""
TONE_ERROR_HZ = 4
HEAR_HZ = """async ([selector, awaited, error, seconds]) => {
  const video = document.querySelector(selector);
  const context = new AudioContext();
  const analyser = Object.assign(context.createAnalyser(), {fftSize: 32768});
  context.createMediaStreamSource(video.srcObject).connect(analyser);
  const heard = new Float32Array(analyser.frequencyBinCount).fill(-Infinity);
  let tone = 0;
  const isIt = () => tone > 0 && (awaited === null || Math.abs(tone - awaited) <= error);
  for (let tries = 0; tries < seconds * 10 && !isIt(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    analyser.getFloatFrequencyData(heard);
    const loudest = heard.indexOf(Math.max(...heard));
    tone = heard[loudest] > -50 ? loudest * context.sampleRate / analyser.fftSize : 0;
  }
  await context.close();
  return tone;
}"""
TRACKS = "(selector) => document.querySelector(selector).srcObject.getTracks().map(({kind}) => kind)"
PLAYS = "(selector) => document.querySelector(selector)?.videoWidth === 320"
FRAMES = "() => document.querySelector('[data-frames]')?.dataset.frames ?? '{}'"
MORE_THAN = """([medium, count, least]) => {
  const shown = document.querySelector("[data-frames]")?.dataset.frames ?? "{}";
  const found = count.split(".").reduce((part, name) => part?.[name], JSON.parse(shown)[medium]);
  return (found ?? 0) > least;
}"""
WRONG_KEYS = """
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, transfer) {
    const isKey = message.type === "open";
    const told = isKey ? {...message, key: message.key.map((octet) => octet ^ 1)} : message;
    return post.call(this, told, transfer);
  };"""
"""Makes every key that this browser receives a wrong one."""


async def plays(page: Page, video: str) -> None:
    """Waits until the picture has come."""
    await page.wait_for_function(PLAYS, arg=video, timeout=WITHIN_MS)


async def sees(page: Page, video: str) -> list[int]:
    """Returns red, green and blue in the middle of the picture, once there is one."""
    await plays(page, video)
    colour: list[int] = await page.evaluate(SEE, video)
    return colour


async def hears_hz(page: Page, video: str) -> float:
    """Returns the loudest tone, 0 where it is silent for ten seconds."""
    return float(await page.evaluate(HEAR_HZ, [video, None, 0, 10]))


async def hears(page: Page, video: str, tone_hz: float) -> None:
    """Waits until this tone is the loudest: the first moments, and those of a busy machine, are smeared."""
    heard_hz = await page.evaluate(HEAR_HZ, [video, tone_hz, TONE_ERROR_HZ, WITHIN_MS / 1000])
    assert abs(heard_hz - tone_hz) <= TONE_ERROR_HZ, f"{heard_hz} Hz, not {tone_hz}"


async def tracks(page: Page, video: str) -> list[str]:
    """Returns the kinds of media that come with the picture."""
    kinds: list[str] = await page.evaluate(TRACKS, video)
    return kinds


async def frames(page: Page) -> dict[str, Any]:
    """Returns what the page has counted of sealed frames, by medium."""
    counts: dict[str, Any] = json.loads(await page.evaluate(FRAMES))
    return counts


async def frames_flow(page: Page, *expected: str, least: int = 10) -> None:
    """Waits until each of `expected`, as `audio.opened`, is above `least`."""
    for name in expected:
        medium, count = name.split(".", 1)
        await page.wait_for_function(MORE_THAN, arg=[medium, count, least], timeout=WITHIN_MS)
