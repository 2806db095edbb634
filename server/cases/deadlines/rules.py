"""The rules as data: `rules.toml`, the dates of their sources in `sources.toml`, duties in `clocks.toml`.

The files are read once and checked whole: a rule of a mode that the engine doesn't know, a source that
nobody defined for a verified rule, or a clock of an unknown rule stops the start.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from server.cases.deadlines.citation import in_full
from server.cases.model import Stage

_HERE = Path(__file__).parent


class Layer(StrEnum):
    """How strong a rule is."""

    STATUTE = "L"
    INTERPRETATION = "J"
    MINISTRY_RULE = "R"
    NORMATIVE_DOCUMENT = "N"
    POLICY_TARGET = "SEED"
    """The province's own aim, which never loosens statute."""


class Mode(StrEnum):
    """How a length is counted."""

    CALENDAR = "C"
    """Calendar days: the first is not counted; a last day off moves on (CPL 105)."""
    PRESUMED = "I"
    """Days of the Legal Aid Law and Order 148, which don't say how: counted like `CALENDAR`."""
    HOURS = "H"
    """Hours on end; nothing moves."""


class Unit(StrEnum):
    """What a length is measured in."""

    DAYS = "d"
    HOURS = "h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A law or rule, and from when it is in force."""

    key: str
    title: str
    cited_as: str
    effective_from: date
    conf: str
    note: str = ""

    @property
    def certain(self) -> bool:
        """Tell whether its date was read in the source, or is one's own choice."""
        return self.conf in {"high", "choice"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """One duty with a length, from one trigger."""

    id: str
    layer: Layer
    stages: frozenset[Stage]
    trigger: str
    actor: str
    duty: str
    n: int
    unit: Unit
    mode: Mode
    article: str
    """Where it stands, cited in short."""
    citation: str
    """The same in full, for readers."""
    consequence: str
    conf: str
    note: str
    source: Source | None
    """The source that the article names first; None if its date is not known at all."""

    @property
    def verified(self) -> bool:
        """Tell whether length and date were read in the source; else it is shown as 未核实."""
        return self.conf == "high" and self.source is not None and self.source.certain

    @property
    def internal(self) -> bool:
        """Tell whether it is the province's own aim rather than law."""
        return self.layer is Layer.POLICY_TARGET


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """One duty that several rules may measure, and the fact that ends it."""

    key: str
    rules: tuple[DeadlineRule, ...]
    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All that is known, under one version."""

    version: str
    clocks: tuple[ClockRule, ...]


_EVERYWHERE = frozenset(Stage)
_TRIAL = frozenset({Stage.FIRST_INSTANCE, Stage.SECOND_INSTANCE})
_STAGES = {
    "全程": _EVERYWHERE,
    "审查起诉": frozenset({Stage.PROSECUTION_REVIEW}),
    "审判": _TRIAL,
}


@cache
def rule_set() -> RuleSet:
    """Return the product's rules.

    Raises:
        LookupError, ValueError: the data is not sound.
    """
    sources = [Source(**entry) for entry in _read("sources.toml")["source"]]
    rules = {rule.id: rule for rule in (_rule(entry, sources) for entry in _read("rules.toml")["rule"])}
    data = _read("clocks.toml")
    clocks = tuple(
        ClockRule(
            key=entry["key"], rules=tuple(rules[rule_id] for rule_id in entry["rules"]), done=entry["done"]
        )
        for entry in data["clock"]
    )
    return RuleSet(version=data["version"], clocks=clocks)


def _rule(entry: dict[str, Any], sources: list[Source]) -> DeadlineRule:
    article = entry["article"]
    return DeadlineRule(
        id=entry["id"],
        layer=Layer(entry["layer"]),
        stages=_STAGES[entry["stage"]],
        trigger=entry["trigger"],
        actor=entry["actor"],
        duty=entry["duty"],
        n=entry["n"],
        unit=Unit(entry["unit"]),
        mode=Mode(entry["mode"]),
        article=article,
        citation=in_full(article, {source.cited_as: source.title for source in sources}),
        consequence=entry["consequence"],
        conf=entry["conf"],
        note=entry["note"],
        source=next((source for source in sources if article.startswith(source.cited_as)), None),
    )


def _read(name: str) -> dict[str, Any]:
    with (_HERE / name).open("rb") as file:
        return tomllib.load(file)
