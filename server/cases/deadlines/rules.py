"""The rules as data: `rules.toml`, the dates of their sources in `sources.toml`, duties in `clocks.toml`.

The files are read once and checked whole: a rule of a mode that the engine doesn't know, a source that
nobody defined for a verified rule, or a clock of an unknown rule stops the start.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from server.cases.deadlines.citation import in_full
from server.cases.model import Procedure, Stage

_HERE = Path(__file__).parent


class Layer(StrEnum):
    """How strong a rule is."""

    STATUTE = "L"
    INTERPRETATION = "J"
    MINISTRY_RULE = "R"
    NORMATIVE_DOCUMENT = "N"
    LOCAL_SAMPLE = "LOC"
    """What one place has; a sample for others."""
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
    WORKDAYS = "W"
    """Days on which offices are open."""
    BEFORE = "B"
    """Back from an event to come: so many whole days lie between (clear days)."""
    MONTHS = "M"
    """To the same day of a later month, or its last one (SPC interpretation 202)."""
    APPEAL = "X"
    """Calendar days from the day after a judgment was received (CPL 230)."""
    NOT_MEASURED = "P"
    """At once, a right, or a count a year: there is no end to count."""


class Unit(StrEnum):
    """What a length is measured in."""

    DAYS = "d"
    WORKDAYS = "wd"
    HOURS = "h"
    MONTHS = "m"
    AT_ONCE = "imm"
    BEFOREHAND = "pd"
    """Before an event, or from it on, without a number."""
    TIMES_A_YEAR = "count/yr"
    TIMES_A_QUARTER = "count/quarter"
    YUAN = "CNY..5000"


class Custody(StrEnum):
    """Whether custody keeps an end from moving over days off (CPL 105(4))."""

    NEVER = "never"
    WHILE_DETAINED = "while_detained"
    ALWAYS = "always"


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


@dataclass(frozen=True, slots=True)
class Extra:
    """By how much a length is extended."""

    months: int = 0
    days: int = 0

    def __add__(self, other: "Extra") -> "Extra":
        """Add months to months and days to days."""
        return Extra(self.months + other.months, self.days + other.days)


NO_EXTRA = Extra()


@dataclass(frozen=True, slots=True)
class Restart:
    """What begins a period anew."""

    by: str
    """The event from which it is counted again."""
    citation: str
    """Where that stands, in full; empty if it is no more than how the period begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """One duty with a length, from one trigger."""

    id: str
    layer: Layer
    stages: frozenset[Stage]
    procedures: frozenset[Procedure]
    """Those of a trial in which it holds."""
    trigger: str
    restarts: tuple[Restart, ...]
    condition: str
    """An event without which it does not apply, besides its trigger; mostly empty."""
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
    custody: Custody
    extension: str
    """By how much it can be extended and where that stands, in words; empty if it can't."""
    most_extra: Extra
    """The same as a length."""

    @property
    def begun_by(self) -> tuple[str, ...]:
        """Return the events from the last of which it is counted."""
        return (self.trigger, *(each.by for each in self.restarts))

    @property
    def verified(self) -> bool:
        """Tell whether length and date were read in the source; else it is shown as 未核实."""
        return self.conf == "high" and self.source is not None and self.source.certain

    @property
    def measured(self) -> bool:
        """Tell whether there is an end to count."""
        return self.mode is not Mode.NOT_MEASURED

    @property
    def internal(self) -> bool:
        """Tell whether it is the province's own aim rather than law."""
        return self.layer is Layer.POLICY_TARGET


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """One duty that several rules may measure, and the fact that ends it."""

    key: str
    rules: tuple[DeadlineRule, ...]
    done: tuple[str, ...]
    """Each of them ends it."""
    each_time: bool
    """Before each event of a kind it is to be done again: what was done before the last one ends nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All that is known, under one version."""

    version: str
    rules: tuple[DeadlineRule, ...]
    clocks: tuple[ClockRule, ...]
    limits: Mapping[str, int]
    """How often an event can begin or end something; what is beyond changes nothing."""
    elsewhere: Mapping[str, str]
    """The rules that are about no single case, and where they belong, in words; by their ids."""
    besides: Mapping[str, str]
    """What else a rule's note says and is not counted by itself, in words; by their ids."""

    def named(self, rule_id: str) -> DeadlineRule | None:
        """Return a rule by its id; None if there is none (any more)."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    @property
    def standing(self) -> tuple[DeadlineRule, ...]:
        """Return what holds in a case and has no end to count."""
        return tuple(rule for rule in self.rules if not rule.measured and rule.id not in self.elsewhere)


_EVERYWHERE = frozenset(Stage)
_INVESTIGATION = frozenset({Stage.INVESTIGATION, Stage.ARREST_REVIEW})
_PROSECUTION = frozenset({Stage.PROSECUTION_REVIEW})
_TRIAL = frozenset({Stage.FIRST_INSTANCE, Stage.SECOND_INSTANCE})
_WITH_FILE = frozenset(stage for stage in Stage if stage.file_access)
_STAGES = {
    "全程": _EVERYWHERE,
    "会见": _EVERYWHERE,
    "结案": _EVERYWHERE,
    "数据": _EVERYWHERE,
    "年度": _EVERYWHERE,
    "季度": _EVERYWHERE,
    "侦查": _INVESTIGATION,
    "侦查/立案": _INVESTIGATION,
    "侦查→移送": _INVESTIGATION,
    "侦查(看守所)": _INVESTIGATION,
    "审查起诉": _PROSECUTION,
    "监察移送": _PROSECUTION,
    "审查起诉/审判": _PROSECUTION | _TRIAL,
    "审查起诉起": _WITH_FILE,
    "移送审查起诉起": _WITH_FILE,
    "阅卷": _WITH_FILE,
    "审判": _TRIAL,
    "一审/二审": _TRIAL,
    "在线诉讼": _TRIAL,
    "一审": frozenset({Stage.FIRST_INSTANCE}),
    "一审后": frozenset({Stage.FIRST_INSTANCE}),
    "二审": frozenset({Stage.SECOND_INSTANCE}),
    "死刑复核": frozenset({Stage.DEATH_REVIEW}),
    "强制医疗": frozenset({Stage.COMPULSORY_TREATMENT}),
}


@cache
def rule_set() -> RuleSet:
    """Return the product's rules.

    Raises:
        LookupError, ValueError: the data is not sound.
    """
    known = _Sources(_read("sources.toml"))
    rules = {rule.id: rule for rule in (_rule(entry, known) for entry in _read("rules.toml")["rule"])}
    known.check(rules)
    data = _read("clocks.toml")
    clocks = tuple(
        ClockRule(
            key=entry["key"],
            rules=tuple(rules[rule_id] for rule_id in entry["rules"]),
            done=tuple(entry["done"]),
            each_time=entry.get("each_time", False),
        )
        for entry in data["clock"]
    )
    found = RuleSet(
        version=data["version"],
        rules=tuple(rules.values()),
        clocks=clocks,
        limits=known.limits,
        elsewhere=data["elsewhere"],
        besides=data["besides"],
    )
    _check_homes(found)
    return found


def _check_homes(known: RuleSet) -> None:
    """Pass if each measured rule is in one clock, or belongs elsewhere than in a case."""
    in_clocks = [rule.id for clock in known.clocks for rule in clock.rules]
    measured = {rule.id for rule in known.rules if rule.measured}
    unknown = {*known.elsewhere, *known.besides} - {rule.id for rule in known.rules}
    homeless = measured - set(in_clocks) - set(known.elsewhere)
    doubled = {rule_id for rule_id in in_clocks if in_clocks.count(rule_id) > 1 or rule_id in known.elsewhere}
    if unknown or homeless or doubled:
        raise LookupError(unknown, homeless, doubled)


@cache
def fingerprint() -> str:
    """Return what stays the same as long as the rules' data does."""
    texts = (_HERE / name for name in ("sources.toml", "rules.toml", "clocks.toml"))
    return sha256(b"".join(text.read_bytes() for text in texts)).hexdigest()[:16]


class _Sources:
    """What `sources.toml` says of a rule."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._sources = [Source(**entry) for entry in data["source"]]
        self._titles = data["titles"] | {source.cited_as: source.title for source in self._sources}
        self._items: dict[str, list[int]] = data["items"]
        self._custody = {rule_id: Custody(kind) for kind, ids in data["custody"].items() for rule_id in ids}
        self._procedures: dict[str, list[str]] = data["procedure"]
        self._extensions = {entry["rule"]: entry for entry in data["extension"]}
        self._restarts: list[dict[str, str]] = data["restart"]
        self._conditions: dict[str, str] = data["condition"]
        self.limits: Mapping[str, int] = data["limit"]

    def named(self, article: str) -> Source | None:
        return next((source for source in self._sources if article.startswith(source.cited_as)), None)

    def in_full(self, article: str) -> str:
        return in_full(article, self._titles, self._items)

    def procedures(self, rule_id: str) -> frozenset[Procedure]:
        named = {kind for kind, ids in self._procedures.items() if rule_id in ids}
        return frozenset(map(Procedure, named)) or frozenset(Procedure)

    def custody(self, rule_id: str) -> Custody:
        return self._custody.get(rule_id, Custody.NEVER)

    def extension(self, rule_id: str) -> str:
        found = self._extensions.get(rule_id)
        return "" if found is None else f"{found['by']}（{self.in_full(found['article'])}）"

    def most_extra(self, rule_id: str) -> Extra:
        found = self._extensions.get(rule_id, {})
        return Extra(found.get("months", 0), found.get("days", 0))

    def restarts(self, rule_id: str) -> tuple[Restart, ...]:
        return tuple(
            Restart(each["by"], self.in_full(each["article"]))
            for each in self._restarts
            if each["rule"] == rule_id
        )

    def condition(self, rule_id: str) -> str:
        return self._conditions.get(rule_id, "")

    def check(self, rules: Mapping[str, DeadlineRule]) -> None:
        """Pass if each rule that is spoken of is there."""
        ordered = (rule_id for ids in self._procedures.values() for rule_id in ids)
        begun = (each["rule"] for each in self._restarts)
        unknown = {*self._custody, *self._extensions, *ordered, *begun, *self._conditions} - set(rules)
        if unknown:
            raise LookupError(unknown)


def _rule(entry: dict[str, Any], sources: _Sources) -> DeadlineRule:
    article = entry["article"]
    return DeadlineRule(
        id=entry["id"],
        layer=Layer(entry["layer"]),
        stages=_STAGES[entry["stage"]],
        procedures=sources.procedures(entry["id"]),
        trigger=entry["trigger"],
        restarts=sources.restarts(entry["id"]),
        condition=sources.condition(entry["id"]),
        actor=entry["actor"],
        duty=entry["duty"],
        n=entry["n"],
        unit=Unit(entry["unit"]),
        mode=Mode(entry["mode"]),
        article=article,
        citation=sources.in_full(article),
        consequence=entry["consequence"],
        conf=entry["conf"],
        note=entry["note"],
        source=sources.named(article),
        custody=sources.custody(entry["id"]),
        extension=sources.extension(entry["id"]),
        most_extra=sources.most_extra(entry["id"]),
    )


def _read(name: str) -> dict[str, Any]:
    with (_HERE / name).open("rb") as file:
        return tomllib.load(file)
