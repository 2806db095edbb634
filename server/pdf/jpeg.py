"""The head of a JPEG stream (ITU-T T.81 §B.2), read before any decoder sees it.

A stream may claim 65535 × 65535 pixels in a few bytes, or hundreds of progressive scans: neither may
reach the decoder of the web process.
"""

from dataclasses import dataclass

PIXELS_MAX = 80_000_000
"""A3 at 600 dpi has 70 million."""

_SOI = b"\xff\xd8"
_SOF_BASELINE = 0xC0
_SOF_EXTENDED = 0xC1
_SOF_CODES = range(0xC0, 0xD0)
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SOS = 0xDA
_EOI = 0xD9
_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
"""DHT, JPG and DAC lie among the SOF codes without beginning a frame."""


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """A frame header (§B.2.2)."""

    width_px: int
    height_px: int
    components: int
    bits: int
    baseline: bool
    """Sequential Huffman coding: one pass over the data, whatever it says."""

    @property
    def is_plain(self) -> bool:
        """Tell whether a decoder's work is bounded by the size, and the size is that of a scan."""
        return (
            self.baseline
            and self.bits == 8  # noqa: PLR2004 - bits of a sample
            and self.components in {1, 3}
            and 0 < self.width_px * self.height_px <= PIXELS_MAX
        )


def read_frame(data: bytes) -> JpegFrame | None:
    """Return the first frame header of the stream, or None when there is none before the first scan."""
    if data[:2] != _SOI:
        return None
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - a marker's first byte
        code = data[at + 1]
        if code == 0xFF:  # noqa: PLR2004 - fill byte before a marker
            at += 1
        elif code in _STANDALONE:
            at += 2
        elif code in {_SOS, _EOI}:
            return None
        elif code in _SOF_CODES and code not in _NO_FRAME:
            return _frame(code, data[at + 4 : at + 10])
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _frame(code: int, body: bytes) -> JpegFrame | None:
    if len(body) < 6:  # noqa: PLR2004 - precision, two sizes, component count
        return None
    return JpegFrame(
        bits=body[0],
        height_px=int.from_bytes(body[1:3], "big"),
        width_px=int.from_bytes(body[3:5], "big"),
        components=body[5],
        baseline=code in {_SOF_BASELINE, _SOF_EXTENDED},
    )
