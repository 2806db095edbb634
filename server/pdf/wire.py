"""Messages between the parent and a render process: a JSON head, then bytes.

Parent → child: one JSON object a line. Child → parent: 4 bytes length of the head (big-endian), the head
as JSON, then as many bytes as the head's `payload` says. The child may have been taken over by a hostile
document: the parent believes nothing beyond the form that is parsed here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict

from server.pdf.jpeg import PIXELS_MAX
from server.pdf.manifest import DocumentInfo, ImageType, OutlineEntry, PageKind, PreparedPage

HEAD_BYTES_MAX = 1 << 20
PAYLOAD_BYTES_MAX = 64 << 20
PAGES_MAX = 5000
OUTLINE_ENTRIES_MAX = 2000
OUTLINE_TITLE_MAX = 200
SIDE_PT_MAX = 15_000.0
"""PDF 32000-1 Annex C.2: a page's side is at most 14,400 units."""

Head = dict[str, object]


class ReplyInvalid(Exception):
    """The child sent something that no sound child sends."""


def encode(head: Mapping[str, object], payload: bytes = b"") -> bytes:
    """Return the frame that carries `head` and `payload`."""
    text = json.dumps({**head, "payload": len(payload)}, ensure_ascii=True).encode()
    return len(text).to_bytes(4, "big") + text + payload


def parse_head(text: bytes) -> Head:
    """Read a head; `payload` is made sure to be a sane number.

    Raises:
        ReplyInvalid: it is not a JSON object or announces too much.
    """
    try:
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReplyInvalid from error
    if not isinstance(head, dict):
        raise ReplyInvalid
    if not 0 <= _integer(head, "payload") <= PAYLOAD_BYTES_MAX:
        raise ReplyInvalid
    return head


def document_head(info: DocumentInfo) -> Head:
    """Return the head that tells of an opened document."""
    return {"pages": info.page_count, "outline": [asdict(entry) for entry in info.outline]}


def parse_document(head: Head) -> DocumentInfo:
    """Read what `document_head` wrote.

    Raises:
        ReplyInvalid: it has another form.
    """
    page_count = _integer(head, "pages")
    entries = head.get("outline")
    if (
        not 1 <= page_count <= PAGES_MAX
        or not isinstance(entries, list)
        or len(entries) > OUTLINE_ENTRIES_MAX
    ):
        raise ReplyInvalid
    return DocumentInfo(
        page_count=page_count, outline=tuple(_outline_entry(entry, page_count) for entry in entries)
    )


def page_head(page: PreparedPage) -> Head:
    """Return the head that tells of a prepared page; its image is the payload."""
    return {
        "kind": page.kind.value,
        "width_pt": page.width_pt,
        "height_pt": page.height_pt,
        "width_px": page.width_px,
        "height_px": page.height_px,
        "image_type": page.image_type.value,
    }


def parse_page(head: Head, image: bytes) -> PreparedPage:
    """Read what `page_head` wrote.

    Raises:
        ReplyInvalid: it has another form, or claims a size that is none of a page.
    """
    try:
        kind, image_type = PageKind(str(head.get("kind"))), ImageType(str(head.get("image_type")))
    except ValueError as error:
        raise ReplyInvalid from error
    width_px, height_px = _integer(head, "width_px"), _integer(head, "height_px")
    if min(width_px, height_px) < 1 or width_px * height_px > PIXELS_MAX or not image:
        raise ReplyInvalid
    return PreparedPage(
        kind=kind,
        width_pt=_length_pt(head, "width_pt"),
        height_pt=_length_pt(head, "height_pt"),
        width_px=width_px,
        height_px=height_px,
        image_type=image_type,
        image=image,
    )


def clean_title(title: str) -> str:
    """Return an outline title on one line, without control characters, of bounded length."""
    return "".join(character for character in title if character.isprintable()).strip()[:OUTLINE_TITLE_MAX]


def _outline_entry(entry: object, page_count: int) -> OutlineEntry:
    if not isinstance(entry, dict) or not isinstance(entry.get("title"), str):
        raise ReplyInvalid
    level, page = _integer(entry, "level"), _integer(entry, "page")
    if not 1 <= level <= PAGES_MAX or not 1 <= page <= page_count:
        raise ReplyInvalid
    return OutlineEntry(level=level, title=clean_title(entry["title"]), page=page)


def _integer(head: Mapping[str, object], name: str) -> int:
    value = head.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ReplyInvalid
    return value


def _length_pt(head: Head, name: str) -> float:
    value = head.get(name)
    if not isinstance(value, int | float) or not 0 < value <= SIDE_PT_MAX:
        raise ReplyInvalid
    return float(value)
