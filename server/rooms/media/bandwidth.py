"""How much a publisher may send so that its weakest subscriber can receive it. Pure.

The receivers' own estimates (REMB) are not passed on: they start low and climb only as fast as what they
already receive, hop after hop. The forwarder starts at a bitrate that is good for a meeting and corrects it
by the loss that a subscriber reports (draft-ietf-rmcat-gcc-02 §6). Where a queue on the way fills before
anything is lost, the subscriber's estimate falls below what it is being sent; then, and only then, it counts.
"""

from typing import Final

START_BPS: Final = 600_000
CEILING_BPS: Final = 2_500_000
FLOOR_BPS: Final = 150_000
"""Below this a face cannot be recognised, and losing less would not help."""

_HIGH_LOSS: Final = 0.10
_LOW_LOSS: Final = 0.02
_GROWTH: Final = 1.08
_FRACTION_UNITS: Final = 256
_INTERVAL_S: Final = 1.0
"""The loss is looked at once in so long; browsers report more often than that."""


class Estimate:
    """What one subscriber can receive."""

    __slots__ = ("_corrected_at_s", "_worst_loss", "bitrate_bps")

    def __init__(self) -> None:
        """Begin with trust."""
        self.bitrate_bps = START_BPS
        self._worst_loss = 0.0
        self._corrected_at_s = float("-inf")

    def loss_reported(self, fraction_lost: int, now_s: float) -> None:
        """Take the loss since the last report, in 256ths; once an interval, correct by its worst."""
        self._worst_loss = max(self._worst_loss, fraction_lost / _FRACTION_UNITS)
        if now_s - self._corrected_at_s < _INTERVAL_S:
            return
        if self._worst_loss > _HIGH_LOSS:
            self.bitrate_bps = max(FLOOR_BPS, int(self.bitrate_bps * (1 - 0.5 * self._worst_loss)))
        elif self._worst_loss < _LOW_LOSS:
            self.bitrate_bps = min(CEILING_BPS, int(self.bitrate_bps * _GROWTH))
        self._corrected_at_s = now_s
        self._worst_loss = 0.0

    def receiver_estimated(self, receivable_bps: int, *, sent_bps: float) -> None:
        """Take the receiver's estimate, to be set against what it is being sent."""
        if receivable_bps < sent_bps:
            self.bitrate_bps = max(FLOOR_BPS, min(self.bitrate_bps, receivable_bps))
