"""The places of the demo province, read from `regions.toml`."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("regions.toml")


@dataclass(frozen=True, slots=True)
class Region:
    """A city or county."""

    code: str
    """Six digits of GB/T 2260."""
    name: str


@dataclass(frozen=True, slots=True)
class City:
    """A prefecture-level city with its counties and districts."""

    region: Region
    counties: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A cooperation area: cities that lend each other lawyers."""

    name: str
    cities: tuple[City, ...]

    @property
    def seat(self) -> Region:
        """Return the city from which it is coordinated."""
        return self.cities[0].region

    def regions(self) -> Iterator[Region]:
        """Yield every city, each followed by its counties."""
        for city in self.cities:
            yield city.region
            yield from city.counties


@cache
def areas() -> tuple[Area, ...]:
    """Return the cooperation areas, Zhumadian's first."""
    return tuple(
        Area(
            area["name"],
            tuple(
                City(
                    Region(city["code"], city["name"]),
                    tuple(Region(code, name) for code, name in city["counties"].items()),
                )
                for city in area["cities"]
            ),
        )
        for area in tomllib.loads(_FILE.read_text(encoding="utf-8"))["areas"]
    )
