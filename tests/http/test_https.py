"""What changes behind a TLS proxy: cookies that only it can carry, and no way back to plain HTTP."""

from dataclasses import replace

import pytest

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.settings import Settings
from storage.database import Database
from tests.http.conftest import Browser
from tests.http.test_codes import PASSWORD, add_person


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, secure_cookies=True)


async def test_every_cookie_is_bound_to_the_host_and_to_tls(anonymous: Browser, database: Database) -> None:
    person = await add_person(database, Role.LAWYER)
    form = {"login": person.login, "password": PASSWORD}
    answer = await anonymous.post("/sign-in", data=form, allow_redirects=False)
    assert answer.status == 303
    assert set(answer.cookies) == {"__Host-lianbian_session", "__Host-lianbian_device"}
    for cookie in answer.cookies.values():
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


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nowhere", "/api/openapi.json", "/static/x.css"])
async def test_every_answer_says_that_there_is_no_way_back_to_plain_http(
    anonymous: Browser, path: str
) -> None:
    told = (await anonymous.get(path)).headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains"
