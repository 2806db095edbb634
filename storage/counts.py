"""Counts of requests within this process: those of one window at a time, so that nothing piles up."""

from collections import Counter

from typing_extensions import override

from server.http.pace import Counts


class LocalCounts(Counts):
    """Counts for this process alone."""

    def __init__(self) -> None:
        """Begin at nought."""
        self._window = 0
        self._counts = Counter[str]()

    @override
    async def count(self, subject: str, window: int) -> int:
        if window != self._window:
            self._window, self._counts = window, Counter()
        self._counts[subject] += 1
        return self._counts[subject]
