"""What the parent believes of a child's answer."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.pdf import wire
from server.pdf.manifest import DocumentInfo, ImageType, OutlineEntry, PageKind, PreparedPage

PAGE = PreparedPage(
    kind=PageKind.G4,
    width_pt=595,
    height_pt=842,
    width_px=1240,
    height_px=1754,
    image_type=ImageType.PNG,
    image=b"x",
)
INFO = DocumentInfo(page_count=3, outline=(OutlineEntry(level=1, title="目录", page=2),))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def test_a_page_and_a_document_survive_the_pipe() -> None:
    frame = wire.encode(wire.page_head(PAGE), PAGE.image)
    size = int.from_bytes(frame[:4], "big")
    head = wire.parse_head(frame[4 : 4 + size])
    assert frame[4 + size :] == PAGE.image
    assert head["payload"] == len(PAGE.image)
    assert wire.parse_page(head, PAGE.image) == PAGE
    frame = wire.encode(wire.document_head(INFO))
    assert wire.parse_document(wire.parse_head(frame[4:])) == INFO


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "photo"},
        {"image_type": "text/html"},
        {"width_px": 0},
        {"width_px": 1e3},
        {"width_px": True},
        {"width_px": 100_000, "height_px": 100_000},
        {"width_pt": float("nan")},
        {"height_pt": -1},
        {"height_pt": "842"},
    ],
)
def test_a_page_that_claims_nonsense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(wire.ReplyInvalid):
        wire.parse_page(wire.page_head(PAGE) | change, PAGE.image)


@pytest.mark.parametrize(
    "change",
    [
        {"pages": 0},
        {"pages": 10**9},
        {"outline": None},
        {"outline": [{"level": 1, "title": "a", "page": 9}]},
        {"outline": [{"level": 1, "title": 5, "page": 1}]},
        {"outline": [[1, "a", 1]]},
        {"outline": [{"level": 1, "title": "a", "page": 1}] * 2001},
    ],
)
def test_a_document_that_claims_nonsense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(wire.ReplyInvalid):
        wire.parse_document(wire.document_head(INFO) | change)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"payload": -1}', b'{"payload": 1e9}', b"[" * 100_000])
def test_a_head_without_a_sane_payload_is_refused(text: bytes) -> None:
    with pytest.raises(wire.ReplyInvalid):
        wire.parse_head(text)


@given(st.dictionaries(st.sampled_from(["pages", "outline", "kind", "width_px", "height_px"]), JSON))
def test_any_json_is_read_or_refused(head: dict[str, object]) -> None:
    for parse in (wire.parse_document, lambda odd: wire.parse_page(odd, b"x")):
        with contextlib.suppress(wire.ReplyInvalid):
            parse(head)
