"""How much a publisher may send so that its weakest subscriber can receive it. Pure.

The receivers' own estimates (REMB) are not passed on: they start low and climb only as fast as what they
already receive, hop after hop. The forwarder starts at a bitrate that is good for a meeting and corrects it
by the loss that the subscribers report (draft-ietf-rmcat-gcc-02 §6).
"""

from typing import Final

START_BPS: Final = 1_200_000
CEILING_BPS: Final = 2_500_000
FLOOR_BPS: Final = 150_000
"""Below this a face cannot be recognised, and losing less would not help."""

_HIGH_LOSS: Final = 0.10
_LOW_LOSS: Final = 0.02
_GROWTH: Final = 1.05
_FRACTION_UNITS: Final = 256


class LossBasedEstimate:
    """What one subscriber can receive, by the loss that it reports."""

    __slots__ = ("bitrate_bps",)

    def __init__(self) -> None:
        """Begin with trust."""
        self.bitrate_bps = START_BPS

    def reported(self, fraction_lost: int) -> None:
        """Take the loss of the last second, in 256ths."""
        loss = fraction_lost / _FRACTION_UNITS
        if loss > _HIGH_LOSS:
            self.bitrate_bps = max(FLOOR_BPS, int(self.bitrate_bps * (1 - 0.5 * loss)))
        elif loss < _LOW_LOSS:
            self.bitrate_bps = min(CEILING_BPS, int(self.bitrate_bps * _GROWTH))
