"""The head of a JPEG stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.pdf import jpeg
from tests import documents

BASELINE = documents.encoded(documents.picture(), "JPEG")
PROGRESSIVE = documents.encoded(documents.picture(), "JPEG", progressive=True)
GRAY = documents.encoded(documents.picture(mode="L"), "JPEG")


@pytest.mark.parametrize(
    ("stream", "plain", "components"), [(BASELINE, True, 3), (PROGRESSIVE, False, 3), (GRAY, True, 1)]
)
def test_only_a_baseline_stream_is_plain(stream: bytes, *, plain: bool, components: int) -> None:
    frame = jpeg.read_frame(stream)
    assert frame is not None
    assert (frame.width_px, frame.height_px, frame.components) == (620, 877, components)
    assert frame.is_plain is plain


@pytest.mark.parametrize("stream", [b"", b"\xff\xd8", b"\x89PNG", BASELINE[:20], b"\xff\xd8\xff\xda\x00\x02"])
def test_a_stream_without_a_frame_has_none(stream: bytes) -> None:
    assert jpeg.read_frame(stream) is None


@pytest.mark.parametrize(("side", "plain"), [(8000, True), (9000, False), (65535, False), (0, False)])
def test_a_claimed_size_beyond_any_scan_is_not_plain(side: int, *, plain: bool) -> None:
    stream = bytearray(BASELINE)
    at = stream.index(b"\xff\xc0") + 5
    stream[at : at + 4] = side.to_bytes(2, "big") * 2
    frame = jpeg.read_frame(bytes(stream))
    assert frame is not None
    assert frame.is_plain is plain


@given(st.binary(max_size=64), st.integers(0, len(BASELINE)))
def test_noise_anywhere_is_read_without_an_error(noise: bytes, at: int) -> None:
    jpeg.read_frame(noise)
    jpeg.read_frame(b"\xff\xd8" + noise)
    jpeg.read_frame(BASELINE[:at] + noise + BASELINE[at:])
