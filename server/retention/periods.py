"""The periods as data: `periods.toml`, read once and checked whole, and what the operator made of them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from server.retention.model import RecordKind

LONGEST_MONTHS = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """How long records of a kind are kept."""

    kind: RecordKind
    months: int
    citation: str
    verified: bool
    """Whether somebody has looked the article up."""
    least_months: int
    """What the article demands: the operator may not go below."""


@cache
def known_periods() -> Mapping[RecordKind, Period]:
    """Return the periods of the file; a kind that it lacks, or that nobody knows, stops the start."""
    text = Path(__file__).with_name("periods.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    del tables["version"]
    found = {
        RecordKind(kind): Period(kind=RecordKind(kind), least_months=table["months"], **table)
        for kind, table in tables.items()
    }
    return {kind: found[kind] for kind in RecordKind}


def with_longer(longer: Mapping[RecordKind, int]) -> Mapping[RecordKind, Period]:
    """Return the periods as the operator has lengthened them; what is shorter than the law's counts not."""
    return {
        kind: replace(period, months=max(period.months, longer.get(kind, 0)))
        for kind, period in known_periods().items()
    }
