"""Reminders as an iCalendar file (RFC 5545). Pure."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event

from server.alerts.model import Reminder

_BEFORE = timedelta(days=1)
"""How long ahead a calendar program reminds."""


def calendar_file(
    reminders: Iterable[Reminder], *, now: datetime, address: str, say: Callable[[str], str]
) -> bytes:
    """Return a calendar of events that name no person and no case.

    Args:
        reminders: what to remind of.
        now: when the file is made.
        address: of the platform, without a path.
        say: turns a message id into words.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Lianbian//Lianbian//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", say("联辩"))
    for reminder in reminders:
        calendar.add_component(_event(reminder, now, address, say))
    return bytes(calendar.to_ical())


def _event(reminder: Reminder, now: datetime, address: str, say: Callable[[str], str]) -> Event:
    event = Event()
    event.add("uid", f"{reminder.uid}@lianbian")
    event.add("dtstamp", now)
    event.add("dtstart", reminder.starts_at)
    event.add("dtend", reminder.ends_at)
    event.add("summary", say(reminder.words))
    event.add("url", f"{address}{reminder.path}")
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", say(reminder.words))
    alarm.add("trigger", -_BEFORE)
    event.add_component(alarm)
    return event
