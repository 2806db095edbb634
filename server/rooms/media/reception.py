"""What we received of one source, for the report to its sender (RFC 3550 §6.4.1, appendix A). Pure."""

from typing import Final

from server.rooms.media.rtcp import ReportBlock, SenderReport
from server.rooms.media.rtp import SEQUENCES, TIMESTAMPS

_MAX_FRACTION: Final = 255
_LOST_LIMIT: Final = 0x7FFFFF
_MISORDERED: Final = SEQUENCES // 2
_DELAY_UNITS_PER_S: Final = 65_536


class Reception:
    """Counts packets of one source; `note` runs for every packet, so it does the least."""

    __slots__ = (
        "_arrival_offset",
        "_base",
        "_clock_rate_hz",
        "_expected_before",
        "_jitter",
        "_received_before",
        "_report",
        "_report_at_s",
        "_ssrc",
        "_wraps",
        "highest",
        "received",
    )

    def __init__(self, ssrc: int, clock_rate_hz: int) -> None:
        """Begin without a packet."""
        self._ssrc = ssrc
        self._clock_rate_hz = clock_rate_hz
        self.received = 0
        """Packets received, repeated ones included."""
        self.highest = -1
        """Highest sequence number so far; -1 before the first packet."""
        self._base = 0
        self._wraps = 0
        self._jitter = 0.0
        self._arrival_offset = 0.0
        self._expected_before = 0
        self._received_before = 0
        self._report: SenderReport | None = None
        self._report_at_s = 0.0

    def note(self, sequence: int, timestamp: int, arrived_s: float) -> None:
        """Count a packet (RFC 3550 A.1) and smooth the jitter of its arrival (A.8)."""
        offset = arrived_s * self._clock_rate_hz - timestamp
        if self.highest < 0:
            self._base = self.highest = sequence
        else:
            ahead = (sequence - self.highest) % SEQUENCES
            if 0 < ahead < _MISORDERED:
                if sequence < self.highest:
                    self._wraps += 1
                self.highest = sequence
            # A timestamp that wraps, or a new clock, would look like hours of jitter.
            deviation = abs(offset - self._arrival_offset)
            if deviation < self._clock_rate_hz:
                self._jitter += (deviation - self._jitter) / 16
        self._arrival_offset = offset
        self.received += 1

    def reported(self, report: SenderReport, arrived_s: float) -> None:
        """Note the sender's report, which the next block refers to."""
        self._report = report
        self._report_at_s = arrived_s

    def block(self, now_s: float) -> ReportBlock | None:
        """Make the report block since the last one (RFC 3550 A.3); None before the first packet."""
        if self.highest < 0:
            return None
        extended = self._wraps * SEQUENCES + self.highest
        expected = extended - self._base + 1
        lost = expected - self.received
        expected_now = expected - self._expected_before
        lost_now = expected_now - (self.received - self._received_before)
        self._expected_before, self._received_before = expected, self.received
        fraction = min(_MAX_FRACTION, 256 * lost_now // expected_now) if expected_now > 0 < lost_now else 0
        last_report, delay = self._since_report(now_s)
        return ReportBlock(
            ssrc=self._ssrc,
            fraction_lost=fraction,
            lost=max(0, min(_LOST_LIMIT, lost)),
            highest_sequence=extended % TIMESTAMPS,
            jitter=int(self._jitter),
            last_report=last_report,
            delay=delay,
        )

    def _since_report(self, now_s: float) -> tuple[int, int]:
        if self._report is None:
            return 0, 0
        delay = int((now_s - self._report_at_s) * _DELAY_UNITS_PER_S)
        return self._report.ntp >> 16 & 0xFFFFFFFF, min(delay, 0xFFFFFFFF)
