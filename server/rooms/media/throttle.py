"""How often a peer may make work for another one. Pure: the time is always given."""

from typing import Final

KEYFRAME_INTERVAL_S: Final = 0.5
"""A publisher is asked for a keyframe no more often: each costs as much as dozens of other frames."""


class Allowance:
    """A token bucket: `burst` at once, then `per_s` in the long run."""

    __slots__ = ("_at_s", "_burst", "_left", "_per_s")

    def __init__(self, *, per_s: float, burst: float) -> None:
        """Begin with a full bucket."""
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._at_s = 0.0

    def take(self, now_s: float, wanted: int = 1) -> int:
        """Take up to `wanted` whole tokens and return how many there were."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        taken = min(wanted, int(self._left))
        self._left -= taken
        return taken


class KeyframeThrottle:
    """Joins the keyframe requests of all subscribers of a source into few.

    A request that comes too early is kept and sent when the interval is over: the last subscriber to
    join must not be left waiting for a picture.
    """

    __slots__ = ("_asked_at_s", "_pending")

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self._asked_at_s = float("-inf")
        self._pending = False

    def ask(self, now_s: float) -> bool:
        """Note a request; tell whether to send it now."""
        self._pending = True
        return self.due(now_s)

    def due(self, now_s: float) -> bool:
        """Tell whether a request that was kept is to be sent now; True only once."""
        if not self._pending or now_s - self._asked_at_s < KEYFRAME_INTERVAL_S:
            return False
        self._pending = False
        self._asked_at_s = now_s
        return True
