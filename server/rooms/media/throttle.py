"""How often a peer may make work for another one, or for its own line. Pure: the time is always given."""

from typing import Final

KEYFRAME_INTERVAL_S: Final = 0.5
"""A publisher is asked for a keyframe no more often: each costs as much as dozens of other frames."""

USUAL_ROUND_TRIP_S: Final = 0.1
REPEAT_BURST_BYTES: Final = 24 * 1024
_REPEAT_SHARE: Final = 0.3
"""What part of a line's bitrate may go into repeats."""
_REMEMBERED_REPEATS: Final = 256


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


class RepeatLimit:
    """Which lost packets are sent again: not the same one before its repeat could arrive, and not too many.

    Where packets are lost because a line is full, sending them all again fills it for good.
    """

    __slots__ = ("_bytes_left", "_sent_at_s", "_taken_at_s", "round_trip_s")

    def __init__(self) -> None:
        """Begin with a usual round trip and a full allowance."""
        self.round_trip_s = USUAL_ROUND_TRIP_S
        """How long a packet and the answer to it take; set as it is measured."""
        self._sent_at_s: dict[int, float] = {}
        self._bytes_left = float(REPEAT_BURST_BYTES)
        self._taken_at_s = 0.0

    def take(self, sequence: int, size_bytes: int, *, bitrate_bps: int, now_s: float) -> bool:
        """Tell whether the packet may be sent again now, on a line that carries `bitrate_bps`."""
        earned = (now_s - self._taken_at_s) * bitrate_bps / 8 * _REPEAT_SHARE
        self._bytes_left = min(REPEAT_BURST_BYTES, self._bytes_left + earned)
        self._taken_at_s = now_s
        repeated_at_s = self._sent_at_s.get(sequence)
        on_its_way = repeated_at_s is not None and now_s - repeated_at_s < self.round_trip_s
        if on_its_way or size_bytes > self._bytes_left:
            return False
        self._bytes_left -= size_bytes
        self._sent_at_s.pop(sequence, None)
        self._sent_at_s[sequence] = now_s
        if len(self._sent_at_s) > _REMEMBERED_REPEATS:
            del self._sent_at_s[next(iter(self._sent_at_s))]
        return True
