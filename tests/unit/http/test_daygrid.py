"""A day's grid of quarter hours, 09:00 to 18:00 in China: column 1 begins at 09:00, column 36 at 17:45."""

from datetime import datetime

import pytest

from server.http.daygrid import Place, place
from server.kernel.clock import CHINA


@pytest.mark.parametrize(
    ("begins", "ends", "drawn"),
    [
        ("09:00", "10:00", Place(1, 4)),
        ("09:05", "09:20", Place(1, 2)),
        ("08:00", "09:15", Place(1, 1)),
        ("17:30", "19:00", Place(35, 2)),
        ("00:00", "23:59", Place(1, 36)),
        ("07:00", "09:00", None),
        ("18:00", "19:00", None),
        ("12:00", "12:00", None),
    ],
)
def test_a_booking_stands_on_every_quarter_hour_it_touches(
    begins: str, ends: str, drawn: Place | None
) -> None:
    def moment(clock: str) -> datetime:
        return datetime.fromisoformat(f"2026-09-28T{clock}").replace(tzinfo=CHINA)

    assert place(moment(begins), moment(ends)) == drawn
