"""The organisations of the demo province: areas, legal-aid institutions, firms, facilities, agencies.

Zhumadian, where the demo plays, has all of them in each county; the other cities have one of each kind.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.demo.regions import Area, City, Region, areas
from server.kernel.ids import OrganisationId, TerminalId, new_id
from server.people.model import Organisation, OrganisationKind, Terminal

PLAYED_CITY = "411700"
"""Zhumadian."""
_FIRMS = {"410100": "衡正明信达诚", "411700": "天汝淮", "411100": "沙澧", "411500": "浉", "411300": "宛白"}
"""How the firms of a city are told apart: one character each, behind 某."""
_TERMINALS = {"411723": 4, "411702": 4, "411722": 3, "411729": 3, "410100": 4}
_FEWEST_TERMINALS = 2


@dataclass(frozen=True, slots=True)
class Organisations:
    """All organisations and the terminals of the facilities."""

    all: tuple[Organisation, ...]
    terminals: tuple[Terminal, ...]

    def named(self, name: str) -> Organisation:
        """Return the organisation of that name."""
        return next(organisation for organisation in self.all if organisation.name == name)

    def of(self, kind: OrganisationKind, region_code: str = "") -> tuple[Organisation, ...]:
        """Return those of `kind` whose region's code begins with `region_code`."""
        return tuple(
            organisation
            for organisation in self.all
            if organisation.kind is kind and organisation.region_code.startswith(region_code)
        )


def make_organisations() -> Organisations:
    """Make them; only their ids differ between two calls."""
    made = tuple(organisation for area in areas() for organisation in _of_area(area))
    return Organisations(made, tuple(_terminals(made)))


def _of_area(area: Area) -> Iterator[Organisation]:
    itself = Organisation(
        id=OrganisationId(new_id()),
        kind=OrganisationKind.COOPERATION_AREA,
        name=area.name,
        region_code=area.seat.code,
    )
    yield itself
    for city in area.cities:
        for kind, region, name in _of_city(city):
            yield Organisation(
                id=OrganisationId(new_id()),
                kind=kind,
                name=name,
                region_code=region.code,
                parent_id=itself.id,
            )


def _of_city(city: City) -> Iterator[tuple[OrganisationKind, Region, str]]:
    yield from _public_bodies(city.region, court="中级人民法院")
    if city.region.code == PLAYED_CITY:
        for county in city.counties:
            yield from _public_bodies(county, court="人民法院")
    for character in _FIRMS.get(city.region.code, "平"):
        yield OrganisationKind.LAW_FIRM, city.region, f"{city.region.name[:-1]}某{character}律师事务所"


def _public_bodies(region: Region, *, court: str) -> Iterator[tuple[OrganisationKind, Region, str]]:
    yield OrganisationKind.LEGAL_AID_INSTITUTION, region, f"{region.name}法律援助中心"
    yield OrganisationKind.DETENTION_FACILITY, region, f"{region.name}看守所"
    yield OrganisationKind.POLICE, region, f"{region.name}公安局"
    yield OrganisationKind.PROCURATORATE, region, f"{region.name}人民检察院"
    yield OrganisationKind.COURT, region, f"{region.name}{court}"


def _terminals(organisations: Iterable[Organisation]) -> Iterator[Terminal]:
    for facility in organisations:
        if facility.kind is OrganisationKind.DETENTION_FACILITY:
            for number in range(1, _TERMINALS.get(facility.region_code, _FEWEST_TERMINALS) + 1):
                yield Terminal(id=TerminalId(new_id()), facility_id=facility.id, name=f"{number} 号终端")
