"""The security document is current, complete, and names tests that are there."""

import ast
from functools import cache

import pytest

from tests.security.document import (
    CHAPTERS,
    DOCUMENT,
    ROOT,
    Requirement,
    State,
    document,
    requirements,
    threats,
)

REQUIREMENTS = requirements()
NAMED = {test for each in REQUIREMENTS for test in each.tests} | {
    test for threat in threats() for test in threat.tests
}
LEVELS = {1: 70, 2: 183}
"""How many requirements OWASP ASVS 5.0.0 has at its first two levels."""


def test_the_document_says_what_is_written_beside_the_tests() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document()


def test_every_requirement_of_both_levels_is_answered() -> None:
    assert {level: sum(each.level == level for each in REQUIREMENTS) for level in LEVELS} == LEVELS
    assert {each.chapter for each in REQUIREMENTS} == set(CHAPTERS)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.number)
def test_a_requirement_has_a_test_or_a_reason(requirement: Requirement) -> None:
    assert requirement.says or (requirement.tests and requirement.state is State.MET)


def test_every_threat_has_a_test_and_what_remains() -> None:
    assert all(threat.tests and threat.remains for threat in threats())


@pytest.mark.parametrize("named", sorted(NAMED))
def test_a_test_that_is_named_is_there(named: str) -> None:
    path, _, name = named.partition("::")
    assert (ROOT / path).is_file()
    assert not name or name in _functions(path)


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
