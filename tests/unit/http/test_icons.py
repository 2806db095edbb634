"""Icons, from one file, into pages."""

import re

import pytest

from server.http.icons import Icons
from server.http.pages import WEB

ICONS = Icons(WEB / "icons.svg")


def test_an_icon_is_decoration() -> None:
    drawn = ICONS.draw("lock", "s")
    assert drawn.startswith(
        '<svg class="i s" width="20" height="20" viewBox="0 0 24 24" aria-hidden="true"><'
    )
    assert "xmlns" not in drawn


def test_a_class_cannot_break_out_of_its_attribute() -> None:
    assert '"><script' not in ICONS.draw("lock", '"><script')


def test_a_misspelt_icon_is_noticed() -> None:
    with pytest.raises(KeyError):
        ICONS.draw("padlock")


def test_every_icon_that_a_template_names_exists() -> None:
    named = {
        name
        for path in (WEB / "templates").rglob("*.html")
        for name in re.findall(r'icon\("([\w-]+)"', path.read_text(encoding="utf-8"))
    }
    assert {name for name in named if not ICONS.draw(name)} == set()
