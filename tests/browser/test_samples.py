"""Every page in every state of its samples, which a walk through the product does not all reach.

In English and with large text as well: it takes up to 1.8 times the room. A width in CSS pixels of 1280 at
1.8 times the text is what a reader sees who enlarges the text of their browser.
"""

from mimetypes import guess_type

import pytest
from playwright.async_api import Browser, Page, Route

from server.http.headers import CONTENT_SECURITY_POLICY
from server.http.i18n import Locale, PoCatalogue
from server.http.pages import WEB, Pages
from tests.browser.test_pages import AXE, FIND_VIOLATIONS, OVERFLOW_PX
from tests.fakes.clock import SetClock
from tests.samples.pages import SAMPLES
from tests.samples.values import NOW, Sample

ORIGIN = "http://lianbian.test"
WIDTHS_PX = (360, 711, 1280)
"""A small phone; 1280 px with large text; a desktop."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("locale", Locale)
async def test_every_sample_is_free_of_barriers_and_fits(browser: Browser, locale: Locale) -> None:
    page = await browser.new_page()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if "Policy" in message.text else None)
    await page.route("**/*", lambda route: _serve(route, locale))
    for sample in SAMPLES:
        await page.goto(f"{ORIGIN}/{sample.name}", wait_until="load")
        for width_px in WIDTHS_PX:
            broken += [f"{sample.name} at {width_px}: {found}" for found in await _look(page, width_px)]
    await page.close()
    assert broken == [], "\n".join(broken)


async def _look(page: Page, width_px: int) -> list[str]:
    await page.set_viewport_size({"width": width_px, "height": 800})
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = await page.evaluate(FIND_VIOLATIONS)
    overflow_px = await page.evaluate(OVERFLOW_PX)
    return [*map(str, violations), *([f"scrolls sideways by {overflow_px} px"] if overflow_px > 0 else [])]


async def _serve(route: Route, locale: Locale) -> None:
    path = route.request.url.removeprefix(ORIGIN).lstrip("/").partition("?")[0]
    sample = next((sample for sample in SAMPLES if sample.name == path), None)
    built = WEB / "dist" / path.removeprefix("static/")
    if sample is not None:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY.format(sockets="")}
        await route.fulfill(body=_render(sample, locale), content_type="text/html", headers=headers)
    elif path.startswith("static/") and built.is_file():
        await route.fulfill(path=built, content_type=guess_type(path)[0])
    else:
        await route.fulfill(status=404)


def _render(sample: Sample, locale: Locale) -> str:
    catalogue = PoCatalogue(WEB / "locale" / "en.po")
    pages = Pages(catalogue=catalogue, clock=SetClock(NOW), demo=True)
    return pages.text(
        sample.template, locale=locale, identity=sample.identity, path=sample.path, **sample.context
    )
