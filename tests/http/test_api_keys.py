"""Keys of agencies' systems: good for what they say, from where they say, until rotated or revoked."""

import re
from datetime import timedelta

import pytest

from server.http.scopes import Scope
from server.kernel.identity import Role
from server.people.agency_keys import KEY_LIFE, OVERLAP
from storage.database import Database
from tests.factories import account, agency_key
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.places import KEY, County, make_county

CASES = "/api/v1/cases"


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


@pytest.fixture
async def admin(signed_in: SignedIn) -> Browser:
    return await signed_in(account(Role.SECURITY_ADMIN, seeded=True))


async def status(browser: Browser, key: str, path: str = CASES, **headers: str) -> int:
    asked = {"Authorization": f"Bearer {key}", "Accept": "application/json", **headers}
    return (await browser.get(path, headers=asked)).status


async def issue(admin: Browser, county: County, **changed: str) -> str:
    form = {"organisation_id": county.procuratorate.id, "name": "统一业务系统", "scopes": Scope.READ_CASES}
    page = await (await admin.post("/api-keys", data={**form, **changed})).text()
    return _shown(page)


def _shown(page: str) -> str:
    found = re.search(r"lb_[\w-]{40,}", page)
    assert found is not None
    return found[0]


async def test_a_key_is_shown_once_and_works(admin: Browser, county: County, anonymous: Browser) -> None:
    key = await issue(admin, county)
    assert await status(anonymous, key) == 200
    assert key not in await (await admin.get("/api-keys")).text()


async def test_a_key_is_good_for_its_scopes_alone_and_for_no_page(
    admin: Browser, county: County, anonymous: Browser
) -> None:
    key = await issue(admin, county)
    assert await status(anonymous, key, "/api/v1/notices/" + "a" * 26) == 403
    for page in ("/cases", "/notices/new", "/account", "/live"):
        assert await status(anonymous, key, page) == 403
    assert await status(anonymous, key, "/healthz") == 200


async def test_a_key_is_good_from_its_networks_alone(
    admin: Browser, county: County, anonymous: Browser
) -> None:
    key = await issue(admin, county, networks="10.20.0.0/16 2001:db8::/32")
    assert await status(anonymous, key) == 401
    assert await status(anonymous, key, **{"X-Forwarded-For": "10.20.7.1"}) == 200
    assert await status(anonymous, key, **{"X-Forwarded-For": "2001:db8::1"}) == 200
    assert await status(anonymous, key, **{"X-Forwarded-For": "10.21.0.1"}) == 401


async def test_a_rotated_key_is_heard_for_a_week_beside_the_new_one(
    admin: Browser, county: County, anonymous: Browser, clock: SetClock
) -> None:
    former = await issue(admin, county)
    page = await (await admin.get("/api-keys")).text()
    rotate = re.findall(r'action="(/api-keys/\w+/rotate)"', page)[0]
    fresh = _shown(await (await admin.post(rotate)).text())
    assert (await status(anonymous, former), await status(anonymous, fresh)) == (200, 200)
    clock.move(OVERLAP)
    assert (await status(anonymous, former), await status(anonymous, fresh)) == (401, 200)
    clock.move(KEY_LIFE)
    assert await status(anonymous, fresh) == 401


async def test_a_revoked_key_is_heard_no_more(admin: Browser, county: County, anonymous: Browser) -> None:
    key = await issue(admin, county)
    page = await (await admin.get("/api-keys")).text()
    await admin.post(re.findall(r'action="(/api-keys/\w+/revoke)"', page)[0])
    assert await status(anonymous, key) == 401


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"networks": "10.0.0.0/99"}, "networks"), ({"name": ""}, "name"), ({"scopes": "all"}, "scopes.0")],
)
async def test_a_wrong_field_is_named_and_no_key_is_made(
    admin: Browser, county: County, database: Database, changed: dict[str, str], field: str
) -> None:
    form = {"organisation_id": county.procuratorate.id, "name": "系统", "scopes": Scope.READ_CASES}
    answer = await admin.post("/api-keys", data={**form, **changed})
    assert answer.status == 422
    assert f'href="#{field}"' in await answer.text()
    async with database.reading() as tx:
        assert len(await tx.people.agency_keys()) == 2, "those that the county had"


async def test_keys_are_agencies(admin: Browser, county: County) -> None:
    form = {"organisation_id": county.facility.id, "name": "系统", "scopes": Scope.READ_CASES}
    assert (await admin.post("/api-keys", data=form)).status == 404


async def test_an_expired_key_of_the_database_is_nobodys(
    county: County, database: Database, anonymous: Browser, clock: SetClock
) -> None:
    async with database.transaction() as tx:
        await tx.people.add_agency_key(agency_key("short", county.procuratorate.id))
    assert await status(anonymous, "short") == 200
    clock.move(KEY_LIFE + timedelta(days=1))
    assert await status(anonymous, "short") == 401
    assert await status(anonymous, KEY) == 401
