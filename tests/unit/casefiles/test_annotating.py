"""Regions, versions and who may remove what."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.casefiles.annotating import (
    AnnotationGone,
    AnnotationStale,
    Change,
    NotTheAuthor,
    RegionOutsidePage,
    changed,
    region,
    removed,
)
from server.casefiles.model import Meaning
from server.kernel.errors import DomainError
from tests.dossiers import annotation
from tests.factories import account
from tests.fakes.clock import SetClock

NOW = SetClock().now() + timedelta(minutes=5)
AUTHOR = account().identity
COLLEAGUE = account(name="林某").identity


@pytest.mark.parametrize(
    ("x", "y", "width", "height", "fits"),
    [
        (0, 0, 100, 100, True),
        (12, 11.7, 62, 3.9, True),
        (99, 99, 1, 1, True),
        (0.001, 0, 100, 100, True),
        (99, 99, 1.1, 1, False),
        (-0.1, 0, 10, 10, False),
        (0, 0, 0.1, 10, False),
        (0, 0, 10, -10, False),
        (0, 0, math.inf, 10, False),
        (math.nan, 0, 10, 10, False),
        (0, 0, math.nan, 10, False),
    ],
)
def test_a_region_lies_on_the_page(*, x: float, y: float, width: float, height: float, fits: bool) -> None:
    if fits:
        assert region(x=x, y=y, width=width, height=height).width == round(width, 2)
    else:
        with pytest.raises(RegionOutsidePage):
            region(x=x, y=y, width=width, height=height)


@given(st.floats(), st.floats(), st.floats(), st.floats())
def test_any_numbers_make_a_region_on_the_page_or_none(
    x: float, y: float, width: float, height: float
) -> None:
    try:
        made = region(x=x, y=y, width=width, height=height)
    except DomainError:
        return
    assert 0 <= made.x <= made.x + made.width <= 100.01
    assert 0 <= made.y <= made.y + made.height <= 100.01


def test_a_change_counts_the_version_and_keeps_the_author() -> None:
    made = annotation(author=AUTHOR)
    change = Change(meaning=Meaning.FAVOURABLE, comment="正当防卫", version=1)
    after = changed(made, change, identity=COLLEAGUE, now=NOW)
    assert (after.version, after.comment, after.meaning) == (2, "正当防卫", Meaning.FAVOURABLE)
    assert (after.author_name, after.changed_by_name, after.changed_at) == (AUTHOR.name, "林某", NOW)


def test_a_stale_change_shows_what_the_other_wrote() -> None:
    made = annotation(author=AUTHOR)
    his, mine = (Change(meaning=Meaning.FACT, comment=comment, version=1) for comment in ("他的", "我的"))
    theirs = changed(made, his, identity=COLLEAGUE, now=NOW)
    with pytest.raises(AnnotationStale) as caught:
        changed(theirs, mine, identity=AUTHOR, now=NOW)
    assert caught.value.current.comment == "他的"


def test_only_the_author_removes_and_the_words_go_with_it() -> None:
    made = annotation(author=AUTHOR)
    with pytest.raises(NotTheAuthor):
        removed(made, version=1, identity=COLLEAGUE, now=NOW)
    gone = removed(made, version=1, identity=AUTHOR, now=NOW)
    assert (gone.removed, gone.comment, gone.version) == (True, "", 2)
    with pytest.raises(AnnotationGone):
        changed(gone, Change(meaning=Meaning.FACT, comment="再写", version=2), identity=COLLEAGUE, now=NOW)
