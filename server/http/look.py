"""What every template finds besides its context: icons, dates, rulers, initials."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import jinja2

from server.http import daygrid
from server.http.dates import Dates, span
from server.http.i18n import Locale
from server.http.icons import Icons
from server.http.ruler import ruler


def furnish(
    environment: jinja2.Environment, locale: Locale, icons: Icons, translate: Callable[[str], str]
) -> None:
    """Give `environment`, which speaks `locale`, the filters and functions that templates use.

    Filters: `exact` (to the second), `day`, `weekday`, `full_day`, `time`, `moment`, `near(now)`,
    `near_day(now)`, `end` and `near_end(now)` (of a period: midnight is 24:00), `duration`, `span`,
    `unit(number)`, `clock` (a count of seconds as 24:08), `initial`. Functions: `icon(name, kind)`,
    `ruler(…)`, `say(message, values)`, `daygrid.place(starts_at, ends_at)`.
    """
    dates = Dates(locale)

    def say(message: str, values: Mapping[str, object] | None = None) -> str:
        """Return `message`, which Python code marked, in the reader's language with its `{places}` filled."""
        return translate(message).format_map(
            {name: dates.told(value) for name, value in (values or {}).items()}
        )

    environment.filters.update(
        exact=dates.exact,
        day=dates.day,
        weekday=dates.weekday,
        full_day=dates.full_day,
        time=dates.time,
        moment=dates.moment,
        near=dates.near,
        near_day=dates.near_day,
        end=dates.end,
        near_end=dates.near_end,
        duration=dates.duration,
        span=span,
        unit=dates.unit,
        clock=clock,
        initial=initial,
    )
    environment.globals.update(icon=icons.draw, ruler=ruler, say=say, daygrid=daygrid)


def clock(value: timedelta) -> str:
    """Return a running time as `24:08`, hours counted as minutes."""
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


def initial(name: str) -> str:
    """Return what an avatar shows: the first character, of a Latin name in capitals."""
    return name[:1].upper()
