"""What matching knows of the demo province's lawyers, and who of them is away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from server.cases.offences import OffenceGroup
from server.cooperation.model import LawyerCategory, LawyerProfile, Leave
from server.demo.organisations import Organisations
from server.demo.people import People
from server.people.model import Account, Organisation


@dataclass(frozen=True, slots=True)
class _Usual:
    """What a category's lawyers have in common."""

    years: tuple[int, int]
    """Fewest and most years of criminal defence."""
    cap: int
    minors_of_ten: int
    overflow: bool
    """Whether they take cases of other areas, at a distance."""


_USUAL: Mapping[LawyerCategory, _Usual] = {
    LawyerCategory.FULL_TIME: _Usual((4, 22), cap=14, minors_of_ten=7, overflow=False),
    LawyerCategory.PART_TIME: _Usual((1, 15), cap=8, minors_of_ten=3, overflow=False),
    LawyerCategory.VOLUNTEER: _Usual((5, 20), cap=6, minors_of_ten=4, overflow=True),
    LawyerCategory.ACADEMIC: _Usual((8, 25), cap=3, minors_of_ten=6, overflow=True),
    LawyerCategory.DUTY: _Usual((2, 10), cap=5, minors_of_ten=2, overflow=False),
}
_STORY: Mapping[str, tuple[OffenceGroup, ...]] = {
    "周某": (OffenceGroup.PERSON, OffenceGroup.PROPERTY, OffenceGroup.PUBLIC_ORDER),
    "林某": (OffenceGroup.PERSON, OffenceGroup.ECONOMIC),
}
_AWAY = (9, 23, 31)
"""Places among the profiles of those who are on leave."""


def make_profiles(
    organisations: Organisations, people: People, today: date, rng: Random
) -> tuple[LawyerProfile, ...]:
    """Make the profile of every lawyer."""
    by_id = {organisation.id: organisation for organisation in organisations.all}
    return tuple(
        _profile(account, category, by_id[account.organisation_id], today, rng)
        for account in people.accounts
        if (category := people.categories.get(account.id)) and account.organisation_id is not None
    )


def make_leaves(profiles: tuple[LawyerProfile, ...], today: date) -> tuple[Leave, ...]:
    """Send some of them away for a fortnight around today."""
    return tuple(
        Leave(
            account_id=profiles[place].account_id,
            from_day=today - timedelta(days=days),
            until_day=today + timedelta(days=14 - days),
        )
        for days, place in enumerate(_AWAY, start=1)
    )


def _profile(
    account: Account, category: LawyerCategory, organisation: Organisation, today: date, rng: Random
) -> LawyerProfile:
    usual = _USUAL[category]
    in_county = not organisation.region_code.endswith("00")
    specialities = _STORY.get(account.name) or tuple(rng.sample(list(OffenceGroup)[:-1], k=rng.randint(1, 3)))
    return LawyerProfile(
        account_id=account.id,
        category=category,
        area_id=organisation.parent_id or organisation.id,
        region_code=organisation.region_code,
        criminal_defence_since=today.replace(year=today.year - rng.randint(*usual.years), month=3, day=1),
        specialities=specialities,
        minors=rng.randint(1, 10) <= usual.minors_of_ten,
        languages=("zh", "ug") if rng.randint(1, 12) == 1 else ("zh",),
        counties=(organisation.region_code,) if in_county and account.name not in _STORY else (),
        overflow=usual.overflow,
        cap=usual.cap,
    )
