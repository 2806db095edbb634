"""What speaks for a lawyer: five factors, each a number from 0 to 1 with what it was counted from.

Weights are data (`weights.toml`); a part of the score is weight times factor. The load counts convexly:
the last free place costs most, which spreads cases far better than a straight line does.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from server.cases.model import Case, ScorePart
from server.cases.offences import group_of
from server.cases.wording import FACTORS
from server.cooperation.model import LawyerProfile
from server.cooperation.rules import Standing

FULL_YEARS = 10
"""Years of criminal defence beyond which experience gives no more points."""
_SPECIALITY_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Weights:
    """Points that each factor may give, under one version."""

    version: str
    points: Mapping[str, float]


@cache
def weights() -> Weights:
    """Return the product's weights.

    Raises:
        ValueError: they don't name each factor once or don't add up to 100.
    """
    with (Path(__file__).parent / "weights.toml").open("rb") as file:
        data = tomllib.load(file)
    points = data["weights"]
    if set(points) != set(FACTORS) or sum(points.values()) != 100:  # noqa: PLR2004 - points of 100
        raise ValueError("weights.toml")
    return Weights(data["version"], points)


def score(
    lawyer: LawyerProfile, standing: Standing, case: Case, on: date, scale: Weights
) -> tuple[ScorePart, ...]:
    """Return the parts of the lawyer's score for the case, in the order of `FACTORS`."""
    found = {
        "expertise": _expertise(lawyer, case, on),
        "workload": _workload(lawyer, standing),
        "distance": _distance(lawyer, case),
        "continuity": _continuity(standing),
        "language": _language(lawyer, case),
    }
    return tuple(
        ScorePart(name, round(scale.points[name] * found[name][0], 1), scale.points[name], found[name][1])
        for name in FACTORS
    )


_Factor = tuple[float, dict[str, str | int | float]]


def _expertise(lawyer: LawyerProfile, case: Case, on: date) -> _Factor:
    group, years = group_of(case.offence), lawyer.years(on)
    fits = group in lawyer.specialities
    value = _SPECIALITY_SHARE * fits + (1 - _SPECIALITY_SHARE) * min(years, FULL_YEARS) / FULL_YEARS
    return value, {"group": group, "fits": int(fits), "years": years}


def _workload(lawyer: LawyerProfile, standing: Standing) -> _Factor:
    share = min(standing.load / lawyer.cap, 1.0) if lawyer.cap else 1.0
    return 1 - share**2, {"load": standing.load, "cap": lawyer.cap, "percent": round(share * 100)}


def _distance(lawyer: LawyerProfile, case: Case) -> _Factor:
    """Without coordinates: the same county, the same city, the same area, elsewhere (then by video)."""
    if lawyer.region_code == case.region_code:
        return 1.0, {"where": "county"}
    if lawyer.region_code[:4] == case.region_code[:4]:
        return 0.7, {"where": "city"}
    if lawyer.area_id == case.area_id:
        return 0.4, {"where": "area"}
    return 0.2, {"where": "elsewhere"}


def _continuity(standing: Standing) -> _Factor:
    return float(standing.earlier_stage), {"earlier": int(standing.earlier_stage)}


def _language(lawyer: LawyerProfile, case: Case) -> _Factor:
    speaks = case.language in lawyer.languages
    return float(speaks), {"language": case.language, "speaks": int(speaks)}
