"""The affairs of the demo province, read from `cases.toml`: what agencies sent, and how far it has come."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from server.cases.model import CaseStatus, Gender, NoticeReason, Procedure, Stage
from server.kernel.clock import CHINA, local_date

_FILE = Path(__file__).with_name("cases.toml")
PROPOSED = "proposed"
"""The goal of a case whose lawyer has yet to answer."""
_OFFICE_OPENS = time(9, 5)
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Accused:
    """Somebody accused in an affair, and how far legal aid has come for them."""

    name: str
    age: int
    ago: str
    """When the notice came, before the demo is made: `40h`, `12d`."""
    goal: CaseStatus | None
    """None: a lawyer is proposed and has yet to answer."""
    gender: Gender
    ethnicity: str
    language: str
    reason: NoticeReason
    in_custody: bool
    lead: str
    """The lawyer's name; empty: the first suggestion."""
    assisting: str
    """The assisting lawyer's name; empty: none."""

    def noticed_at(self, now: datetime, *, place: int) -> datetime:
        """Return when the notice came: so many hours ago, or at an office hour of a working day."""
        number, unit = int(self.ago[:-1]), self.ago[-1]
        if unit == "h":
            return now - timedelta(hours=number)
        day = local_date(now) - timedelta(days=number)
        day -= timedelta(days=max(day.weekday() - _SATURDAY + 1, 0))
        opens = datetime.combine(day, _OFFICE_OPENS, CHINA)
        return (opens + timedelta(minutes=13 * (place % 17))).astimezone(now.tzinfo)

    def born_on(self, today: date) -> date:
        """Return a birthday that makes them `age` all through this year."""
        return date(today.year - self.age, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affair:
    """What one agency sent about one event."""

    agency: str
    stage: Stage
    procedure: Procedure | None
    offence: str
    volumes: int
    accused: tuple[Accused, ...]


@cache
def affairs() -> tuple[Affair, ...]:
    """Return the affairs, the story's own first."""
    return tuple(_affair(read) for read in tomllib.loads(_FILE.read_text(encoding="utf-8"))["affairs"])


def _affair(read: Mapping[str, Any]) -> Affair:
    return Affair(
        agency=read["agency"],
        stage=Stage(read["stage"]),
        procedure=Procedure(read["procedure"]) if "procedure" in read else None,
        offence=read["offence"],
        volumes=read.get("volumes", 0),
        accused=tuple(_accused(read["accused"])),
    )


def _accused(read: list[Mapping[str, Any]]) -> Iterator[Accused]:
    for each in read:
        yield Accused(
            name=each["name"],
            age=each["age"],
            ago=each["ago"],
            goal=None if each["goal"] == PROPOSED else CaseStatus(each["goal"]),
            gender=Gender(each.get("gender", Gender.MALE)),
            ethnicity=each.get("ethnicity", "汉族"),
            language=each.get("language", "zh"),
            reason=NoticeReason(each.get("reason", NoticeReason.FULL_COVERAGE)),
            in_custody=not each.get("at_large", False),
            lead=each.get("lead", ""),
            assisting=each.get("assisting", ""),
        )
