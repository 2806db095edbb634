"""Where a stretch of a day stands on a grid of quarter hours: a strict policy forbids inline positions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor

from server.kernel.clock import CHINA

FIRST_HOUR = 9
LAST_HOUR = 18
COLUMNS = (LAST_HOUR - FIRST_HOUR) * 4
"""Quarter hours shown; `web/styles/pages/desk.css` has a class for each column and each span."""
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of columns, the first being 1."""

    column: int
    span: int


def place(starts_at: datetime, ends_at: datetime) -> Place | None:
    """Return where the stretch from `starts_at` to `ends_at` is drawn; None if it lies outside the grid.

    It covers every quarter hour that it touches.
    """
    opens = starts_at.astimezone(CHINA).replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0)
    first = max(floor((starts_at - opens) / QUARTER), 0)
    last = min(ceil((ends_at - opens) / QUARTER), COLUMNS)
    return Place(first + 1, last - first) if first < last else None
