"""What changes behind a TLS proxy: cookies that only it can carry, and no way back to plain HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.settings import Settings
from storage.database import Database
from tests.authenticator import Authenticator, text
from tests.fakes.clock import SetClock
from tests.http.conftest import OUR_PAGE, Browser
from tests.http.test_codes import PASSWORD, add_person, code_at, sealed_in, secret_in


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    return replace(
        settings,
        secure_cookies=True,
        oidc_issuer=issuer,
        oidc_client_id="lianbian",
        oidc_client_secret="a secret",  # noqa: S106 - of nobody
    )


async def test_every_cookie_is_bound_to_the_host_and_to_tls(anonymous: Browser, database: Database) -> None:
    person = await add_person(database, Role.LAWYER)
    form = {"login": person.login, "password": PASSWORD}
    answer = await anonymous.post("/sign-in", data=form, allow_redirects=False)
    assert answer.status == 303
    assert set(answer.cookies) == {"__Host-lianbian_session", "__Host-lianbian_device"}
    leaving = await anonymous.get("/sign-in/provider", allow_redirects=False)
    assert set(leaving.cookies) == {"__Host-lianbian_provider"}
    for cookie in (*answer.cookies.values(), *leaving.cookies.values()):
        assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]) == (
            True,
            "/",
            "",
            True,
        )


async def test_a_session_is_heard_under_its_bound_name_alone(anonymous: Browser, database: Database) -> None:
    person = await add_person(database, Role.LAWYER)
    form = {"login": person.login, "password": PASSWORD}
    answer = await anonymous.post("/sign-in", data=form, allow_redirects=False)
    token = answer.cookies["__Host-lianbian_session"].value
    anonymous.session.cookie_jar.clear()

    async def asked(name: str) -> int:
        headers = {"Cookie": f"{name}={token}"}
        return (await anonymous.get("/account", headers=headers, allow_redirects=False)).status

    assert await asked("__Host-lianbian_session") == 200
    assert await asked(SESSION_COOKIE) == 303


async def test_a_passkey_that_signed_for_another_port_opens_nothing(
    anonymous: Browser, database: Database
) -> None:
    """Whoever answers there can pass it on under whatever host they like."""
    headers = OUR_PAGE | {"Accept": "application/json", "Host": "localhost"}
    browser: Browser = TestClient(anonymous.server, headers=headers)
    device = Authenticator(domain="localhost", origin="https://localhost")
    form = {"login": (await add_person(database)).login, "password": PASSWORD}
    opened = await browser.post("/sign-in", data=form, allow_redirects=False)
    cookie = {"Cookie": f"__Host-lianbian_session={opened.cookies['__Host-lianbian_session'].value}"}
    options = await (await browser.post("/account/passkeys/options", json={}, headers=cookie)).json()
    added = device.create(options) | {"name": "办公室电脑"}
    assert (await browser.post("/account/passkeys", json=added, headers=cookie)).status == 204

    async def signing_in_at(host: str) -> int:
        device.origin = f"https://{host}"
        options = await (
            await browser.post("/sign-in/passkey/options", json={}, headers={"Host": host})
        ).json()
        answer = device.get(options)
        return (await browser.post("/sign-in/passkey", json=answer, headers={"Host": host})).status

    assert await signing_in_at("localhost:6666") == 422
    assert await signing_in_at("localhost") == 200
    await browser.session.close()


async def test_who_runs_the_installation_needs_a_passkey_and_keeps_one(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    person = await add_person(database)
    headers = OUR_PAGE | {"Host": "localhost", "Accept": "application/json"}
    browser: Browser = TestClient(anonymous.server, headers=headers)

    async def signed_in(code: str = "") -> dict[str, str]:
        form = {"login": person.login, "password": PASSWORD, "code": code}
        answer = await browser.post("/sign-in", data=form, allow_redirects=False)
        return {"Cookie": f"__Host-lianbian_session={answer.cookies['__Host-lianbian_session'].value}"}

    async def code_of_audit(cookie: dict[str, str]) -> int:
        return (await browser.get("/audit/head", headers=cookie)).status

    cookie = await signed_in()
    page = await (await browser.get("/account/codes", headers=cookie | {"Accept": "text/html"})).text()
    secret = secret_in(page)
    form = {"sealed": sealed_in(page), "code": code_at(secret, clock.now())}
    await browser.post("/account/codes", data=form, headers=cookie, allow_redirects=False)
    assert await code_of_audit(cookie) == 403
    clock.move(timedelta(minutes=1))
    cookie = await signed_in(code_at(secret, clock.now()))
    assert await code_of_audit(cookie) == 403, "nor does a code at the door open it"
    device = Authenticator(domain="localhost", origin="https://localhost")
    options = await (await browser.post("/account/passkeys/options", json={}, headers=cookie)).json()
    added = device.create(options) | {"name": "安全密钥"}
    answer = await browser.post("/account/passkeys", json=added, headers=cookie)
    cookie = {"Cookie": f"__Host-lianbian_session={answer.cookies['__Host-lianbian_session'].value}"}
    assert await code_of_audit(cookie) == 200
    remove = f"/account/passkeys/{text(device.credential_id)}/remove"
    refused = await browser.post(remove, headers=cookie)
    assert (refused.status, (await refused.json())["code"]) == (409, "last-authenticator")
    await browser.session.close()


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nowhere", "/api/openapi.json", "/static/x.css"])
async def test_every_answer_says_that_there_is_no_way_back_to_plain_http(
    anonymous: Browser, path: str
) -> None:
    told = (await anonymous.get(path)).headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains"
