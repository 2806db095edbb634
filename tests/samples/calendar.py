"""The page of the calendar by which deadlines are counted."""

from datetime import date

from server.cases.calendar_handlers import weeks
from server.cases.deadlines.calendar import Calendar, CalendarEntry
from server.cases.service.calendar import KnownCalendar
from server.kernel.identity import Role
from tests.samples.values import Sample, someone

_DAY = date(2027, 10, 1)
_KNOWN = KnownCalendar(
    calendar=Calendar([CalendarEntry(_DAY, working=False, name="国庆节")]), entered=frozenset({_DAY})
)

CALENDAR = (
    Sample(
        name="calendar",
        template="cases/calendar.html",
        identity=someone(Role.SYSTEM_ADMIN, "曹某"),
        path="/calendar",
        context={
            "year": 2027,
            "years": range(2026, 2029),
            "months": [(date(2027, month, 1), tuple(weeks(_KNOWN, 2027, month))) for month in range(1, 13)],
            "today": date(2027, 3, 1),
            "covered": False,
            "typed": {"first": "2027-10-01"},
            "problem": None,
        },
    ),
)
