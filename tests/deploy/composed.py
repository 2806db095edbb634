"""`deploy/compose.yaml` as an engine would read it: variables put in, anchors merged."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from workbench.places import ROOT

DEPLOY = ROOT / "deploy"
GIVEN = {"LIANBIAN_SITE": "lianbian.example", "LIANBIAN_PUBLIC_ADDRESS": "192.0.2.1"}
"""What has no default."""
_VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::?(?P<how>[-?])(?P<otherwise>[^${}]*))?\}")


def text(given: Mapping[str, str] = GIVEN) -> str:
    """Returns the file with its variables put in (Compose specification, "Interpolation")."""
    whole = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    while _VARIABLE.search(whole):
        whole = _VARIABLE.sub(lambda found: _value(found, given), whole)
    return whole


def composed(given: Mapping[str, str] = GIVEN) -> dict[str, Any]:
    """Returns the file as one mapping."""
    read: dict[str, Any] = yaml.safe_load(text(given))
    return read


def _value(found: re.Match[str], given: Mapping[str, str]) -> str:
    if found["name"] in given:
        return given[found["name"]]
    assert found["how"] == "-", f"{found['name']} has no default"
    return found["otherwise"]
