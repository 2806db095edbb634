from datetime import UTC, datetime, timedelta


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 9, 28, 1, 12, tzinfo=UTC)) -> None:
        self._at = at
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        return self._at

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def move(self, by: timedelta) -> None:
        self._at += by
        self._monotonic_s += by.total_seconds()
