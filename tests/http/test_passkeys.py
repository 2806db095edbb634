"""Passkeys: made, used to sign in and to prove, and refused in whatever is not right about them."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.audit.search import Search
from server.kernel.identity import Role
from server.people.challenges import Challenge
from server.people.model import Account
from server.people.passkeys import (
    Added,
    Assertion,
    PasskeyRefused,
    Site,
    passkey_of,
    used,
)
from server.people.policy import PROOF_LIFE
from storage.database import Database
from tests.authenticator import Authenticator, text
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import OUR_PAGE, Browser
from tests.http.test_codes import add_person, code_at, set_up_codes, sign_in

AT_HOME = {"Accept": "application/json"}


@pytest.fixture
async def browser(anonymous: Browser) -> AsyncIterator[Browser]:
    """A browser that has opened the pages under the name for which passkeys are made."""
    host = f"localhost:{anonymous.server.port}"
    opened: Browser = TestClient(anonymous.server, headers=OUR_PAGE | AT_HOME | {"Host": host})
    yield opened
    await opened.session.close()


@pytest.fixture
def device(browser: Browser) -> Authenticator:
    return Authenticator(domain="localhost", origin=f"http://localhost:{browser.server.port}")


async def asked(browser: Browser, address: str) -> dict[str, Any]:
    answer = await browser.post(f"{address}/options", json={})
    assert answer.status == 200, await answer.text()
    options: dict[str, Any] = await answer.json()
    return options


async def add(browser: Browser, device: Authenticator) -> int:
    made = device.create(await asked(browser, "/account/passkeys"))
    return (await browser.post("/account/passkeys", json=made | {"name": "办公室电脑"})).status


async def person_with(browser: Browser, database: Database, device: Authenticator) -> Account:
    """Adds a person and has them make a passkey; then the browser forgets them."""
    person = await add_person(database)
    assert await sign_in(browser, person) == 303
    assert await add(browser, device) == 204
    browser.session.cookie_jar.clear()
    return person


async def test_a_passkey_opens_a_session_and_goes_on_to_the_page_asked_for(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    await person_with(browser, database, device)
    answer = device.get(await asked(browser, "/sign-in/passkey"))
    opened = await browser.post("/sign-in/passkey", json=answer | {"next": "/audit"})
    assert (opened.status, await opened.json()) == (200, {"next": "/audit"})
    assert (await browser.get("/audit", allow_redirects=False)).status == 200


async def test_beside_a_passkey_the_password_alone_opens_nothing(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    assert await sign_in(browser, await person_with(browser, database, device)) == 422


async def test_who_runs_or_audits_the_installation_and_has_a_passkey_comes_in_with_nothing_else(
    browser: Browser, database: Database, device: Authenticator, clock: SetClock
) -> None:
    person = await add_person(database)
    await sign_in(browser, person)
    secret = await set_up_codes(browser, clock)
    await add(browser, device)
    clock.move(PROOF_LIFE)
    assert await sign_in(browser, person, code_at(secret, clock.now())) == 422


def _foreign_origin(device: Authenticator) -> None:
    device.origin = "https://lianbian.evil.example"


def _foreign_domain(device: Authenticator) -> None:
    device.domain = "evil.example"


def _unverified(device: Authenticator) -> None:
    device.verifies_user = False


def _other_key(device: Authenticator) -> None:
    device.key = Authenticator(domain="", origin="").key


@pytest.mark.parametrize("spoil", [_foreign_origin, _foreign_domain, _unverified, _other_key])
async def test_what_is_not_right_about_an_answer_opens_nothing(
    browser: Browser, database: Database, device: Authenticator, spoil: Callable[[Authenticator], None]
) -> None:
    await person_with(browser, database, device)
    spoil(device)
    answer = device.get(await asked(browser, "/sign-in/passkey"))
    refused = await browser.post("/sign-in/passkey", json=answer)
    assert (refused.status, (await refused.json())["code"]) == (422, "passkey-refused")


@pytest.mark.parametrize("spoil", [_foreign_origin, _foreign_domain, _unverified])
async def test_what_is_not_right_about_a_new_passkey_is_not_kept(
    browser: Browser, database: Database, device: Authenticator, spoil: Callable[[Authenticator], None]
) -> None:
    person = await add_person(database)
    await sign_in(browser, person)
    spoil(device)
    assert await add(browser, device) == 422
    async with database.reading() as tx:
        assert await tx.people.passkeys_of(person.id) == ()


async def test_a_device_whose_count_goes_back_is_a_copy(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    await person_with(browser, database, device)
    first = device.get(await asked(browser, "/sign-in/passkey"))
    assert (await browser.post("/sign-in/passkey", json=first)).status == 200
    device.count = 0
    copied = device.get(await asked(browser, "/sign-in/passkey"))
    assert (await browser.post("/sign-in/passkey", json=copied)).status == 422


async def test_a_refused_passkey_is_in_the_log_of_whose_it_is_and_a_copy_by_name(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    person = await person_with(browser, database, device)
    signed = device.get(await asked(browser, "/sign-in/passkey"))
    forged = signed | {"signature": signed["authenticator_data"]}
    assert (await browser.post("/sign-in/passkey", json=forged)).status == 422
    assert (await browser.post("/sign-in/passkey", json=signed)).status == 200
    device.count = 0
    copied = device.get(await asked(browser, "/sign-in/passkey"))
    assert (await browser.post("/sign-in/passkey", json=copied)).status == 422
    nobodys = copied | {"id": "AAAA"}
    assert (await browser.post("/sign-in/passkey", json=nobodys)).status == 422
    async with database.reading() as tx:
        entries = await tx.log.oldest(Search(subject=f"account:{person.id}"), after=0, up_to=99, limit=99)
    failed = [(each.event, each.actor) for each in entries if each.actor.startswith("anonymous")]
    assert failed == [("SignInFailed", "anonymous:-"), ("PasskeyCopySeen", "anonymous:-")]


async def test_an_answer_counts_once_however_often_it_is_sent(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    await person_with(browser, database, device)
    device.count = -1  # a device that doesn't count says 0 each time (§6.1.1)
    answer = device.get(await asked(browser, "/sign-in/passkey"))
    sent = await asyncio.gather(*(browser.post("/sign-in/passkey", json=answer) for _ in range(8)))
    assert sorted(each.status for each in sent) == [200] + [422] * 7


async def test_a_challenge_lasts_five_minutes_and_serves_one_purpose(
    browser: Browser, database: Database, device: Authenticator, clock: SetClock
) -> None:
    await person_with(browser, database, device)
    late = device.get(await asked(browser, "/sign-in/passkey"))
    clock.move(timedelta(minutes=5))
    assert (await browser.post("/sign-in/passkey", json=late)).status == 422
    answer = device.get(await asked(browser, "/sign-in/passkey"))
    assert (await browser.post("/sign-in/passkey", json=answer)).status == 200
    for_signing_in = device.get(await asked(browser, "/sign-in/passkey"))
    assert (await browser.post("/account/prove/passkey", json=for_signing_in)).status == 422


async def test_a_passkey_proves_once_more_who_is_there(
    browser: Browser, database: Database, device: Authenticator, clock: SetClock
) -> None:
    await person_with(browser, database, device)
    await browser.post("/sign-in/passkey", json=device.get(await asked(browser, "/sign-in/passkey")))
    clock.move(PROOF_LIFE)
    assert (await browser.get("/audit/export")).status == 403
    answer = device.get(await asked(browser, "/account/prove/passkey"))
    assert (await browser.post("/account/prove/passkey", json=answer)).status == 204
    exported = await browser.get("/audit/export")
    assert exported.status == 200
    assert await exported.read()


async def test_somebody_elses_passkey_proves_nothing_of_me(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    await person_with(browser, database, device)
    mine = Authenticator(domain=device.domain, origin=device.origin, credential_id=b"mine")
    await sign_in(browser, await add_person(database))
    await add(browser, mine)
    answer = device.get(await asked(browser, "/account/prove/passkey"))
    assert (await browser.post("/account/prove/passkey", json=answer)).status == 422


@pytest.mark.parametrize(("role", "status"), [(Role.LAWYER, 204), (Role.AUDITOR, 422)])
async def test_a_passkey_of_which_there_are_copies_is_not_for_who_runs_the_installation(
    browser: Browser, database: Database, device: Authenticator, role: Role, status: int
) -> None:
    device.synced = True
    await sign_in(browser, await add_person(database, role))
    assert await add(browser, device) == status


async def test_a_passkey_is_kept_once(browser: Browser, database: Database, device: Authenticator) -> None:
    await person_with(browser, database, device)
    await sign_in(browser, await add_person(database))
    assert await add(browser, device) == 422


async def test_the_last_passkey_stays_and_others_go(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    second = Authenticator(domain=device.domain, origin=device.origin, credential_id=b"second")
    await sign_in(browser, await add_person(database))
    assert [await add(browser, each) for each in (device, second)] == [204, 204]

    async def remove(credential_id: bytes) -> int:
        answer = await browser.post(f"/account/passkeys/{text(credential_id)}/remove", allow_redirects=False)
        return answer.status

    assert await remove(b"nobody's") == 303
    assert await remove(device.credential_id) == 303
    assert await remove(second.credential_id) == 409


async def test_a_closed_account_is_not_opened_by_its_passkey(
    browser: Browser, database: Database, device: Authenticator
) -> None:
    person = await person_with(browser, database, device)
    async with database.transaction() as tx:
        await tx.people.put_account(replace(person, active=False))
    answer = device.get(await asked(browser, "/sign-in/passkey"))
    assert (await browser.post("/sign-in/passkey", json=answer)).status == 422


async def test_under_a_bare_address_there_are_no_passkeys(anonymous: Browser) -> None:
    answer = await anonymous.post("/sign-in/passkey/options", json={}, headers=AT_HOME)
    assert (answer.status, (await answer.json())["code"]) == (409, "no-passkeys-here")
    assert 'data-island="passkey"' not in await (await anonymous.get("/sign-in")).text()


SITE = Site(domain="localhost", origin="http://localhost")
_JSON = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.binary(max_size=300) | _JSON.map(cbor2.dumps), st.data())
def test_whatever_bytes_come_they_are_refused_and_nothing_breaks(
    noise: bytes, attestation: bytes, data: st.DataObject
) -> None:
    clock, challenge = SetClock(), Challenge(b"c" * 32, SetClock().now())
    device = Authenticator(domain=SITE.domain, origin=SITE.origin)
    options = {"challenge": text(challenge.content)}
    owner = account(Role.LAWYER).id
    good = device.create(options)

    def raw(value: str) -> bytes:
        return urlsafe_b64decode(value + "=" * (-len(value) % 4))

    whole = raw(good["attestation"])
    cut = data.draw(st.integers(0, len(whole) - 1))
    spoiled = whole[:cut] + bytes([whole[cut] ^ data.draw(st.integers(1, 255))]) + whole[cut + 1 :]
    for each in (attestation, whole[:cut], spoiled):
        added = Added(
            credential_id=device.credential_id, client_data=raw(good["client_data"]), attestation=each
        )
        try:
            passkey_of(SITE, added, challenge, owner=owner, now=clock.now())
        except PasskeyRefused:
            continue
        assert each == spoiled, "without attestation nothing but its form is checked"
    kept = passkey_of(
        SITE,
        Added(credential_id=device.credential_id, client_data=raw(good["client_data"]), attestation=whole),
        challenge,
        owner=owner,
        now=clock.now(),
    )
    signed = device.get(options)
    assertion = Assertion(
        credential_id=device.credential_id,
        client_data=raw(signed["client_data"]),
        authenticator_data=noise,
        signature=raw(signed["signature"]),
    )
    with pytest.raises(PasskeyRefused):
        used(SITE, assertion, challenge, kept, clock.now())
