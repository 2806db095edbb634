"""Writes docs/security.md from the threats, the requirements and the prose beside this file.

`python3 -m tests.security` writes it; a test fails when it is out of date.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
_HERE = Path(__file__).parent
CHAPTERS = {
    1: "Encoding and Sanitization",
    2: "Validation and Business Logic",
    3: "Web Frontend Security",
    4: "API and Web Service",
    5: "File Handling",
    6: "Authentication",
    7: "Session Management",
    8: "Authorization",
    9: "Self-contained Tokens",
    10: "OAuth and OIDC",
    11: "Cryptography",
    12: "Secure Communication",
    13: "Configuration",
    14: "Data Protection",
    15: "Secure Coding and Architecture",
    16: "Security Logging and Error Handling",
    17: "WebRTC",
}
"""The chapters of OWASP ASVS 5.0."""


class State(StrEnum):
    """How a requirement stands; the value is its mark in the document."""

    MET = "✓"
    OPEN = "✗"
    NONE = "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement of the standard, and what shows that it is met, or why it is not."""

    number: str
    level: int
    state: State
    what: str
    says: str = ""
    tests: tuple[str, ...] = ()

    @property
    def chapter(self) -> int:
        """Return the chapter that it stands in."""
        return int(self.number.partition(".")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Threat:
    """Who might want what, what stands in the way, and what remains."""

    who: str
    wants: str
    stops: str
    remains: str
    tests: tuple[str, ...]


def requirements() -> tuple[Requirement, ...]:
    """Read the requirements, in their order."""
    return tuple(
        Requirement(number=number, state=State[entry.pop("state").upper()], **_with_tests(entry))
        for number, entry in _read("asvs.toml").items()
    )


def threats() -> tuple[Threat, ...]:
    """Read the threats."""
    return tuple(Threat(**_with_tests(entry)) for entry in _read("threats.toml")["threat"])


def document() -> str:
    """Write the whole document."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown
    )
    environment.filters["shown"] = lambda tests: "<br>".join(_shown(tests))
    known = requirements()
    return environment.get_template("security.md.jinja").render(
        threats=threats(),
        chapters={name: [each for each in known if each.chapter == at] for at, name in CHAPTERS.items()},
        counts={state: sum(each.state is state for each in known) for state in State},
        levels={level: sum(each.level == level for each in known) for level in (1, 2)},
        open=[each for each in known if each.state is State.OPEN],
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


def _with_tests(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "tests": tuple(entry.get("tests", ()))}


def _shown(tests: Sequence[str]) -> Iterator[str]:
    for test in tests:
        path, _, name = test.partition("::")
        words = name.removeprefix("test_").replace("_", " ") or path.rpartition("/")[2]
        yield f"[{words}](../{path})"
