"""Every template renders with its sample context in both languages, and no strict policy is broken."""

import re
from pathlib import Path

import pytest

from server.http.i18n import Locale, PoCatalogue
from server.http.pages import WEB, Pages
from tests.fakes.clock import SetClock
from tests.samples.pages import SAMPLES
from tests.samples.values import NOW, Sample

CATALOGUE = PoCatalogue(WEB / "locale" / "en.po")


def render(sample: Sample, locale: Locale) -> str:
    pages = Pages(catalogue=CATALOGUE, clock=SetClock(NOW), demo=True)
    return pages.text(
        sample.template, locale=locale, identity=sample.identity, path=sample.path, **sample.context
    )


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_page_renders_from_its_context(sample: Sample, locale: Locale) -> None:
    html = render(sample, locale)
    assert f'<html lang="{locale}">' in html
    assert html.count("<h1") == 1, "a page has one main heading"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_no_page_needs_what_the_content_policy_forbids(sample: Sample) -> None:
    html = render(sample, Locale.ZH)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert "<script" not in html.replace('<script type="module" src=', "")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_id_is_used_once_and_every_label_finds_its_field(sample: Sample) -> None:
    html = render(sample, Locale.ZH)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    referred = re.findall(r'\s(?:for|aria-labelledby|aria-describedby)="([^"]+)"', html)
    assert {each for refs in referred for each in refs.split()} <= set(ids)


def test_every_template_has_a_sample() -> None:
    pages = {
        str(path.relative_to(WEB / "templates"))
        for path in Path(WEB / "templates").glob("*/*.html")
        if path.parent.name != "macros"
    }
    assert pages == {sample.template for sample in SAMPLES}
