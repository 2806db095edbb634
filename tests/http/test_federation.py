"""Signing in by an OpenID provider of another's making, in a process of its own."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from pytest_aiohttp import AiohttpServer
from yarl import URL

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.federation import TRIP
from server.people.policy import PROOF_LIFE, SESSION_LIFE
from server.people.provider import Asked, Provider, ProviderRefused, ProviderTooWeak, Vouched
from server.settings import Settings
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.test_codes import add_person, set_up_codes, sign_in

CLIENT = "lianbian"


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    return replace(
        settings,
        oidc_issuer=issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret="a secret",  # noqa: S106 - of nobody
        oidc_name="统一身份",
    )


@pytest.fixture
def clock() -> SetClock:
    """As late as it is: the provider has a clock of its own."""
    made = SetClock()
    made.move(datetime.now(UTC) - made.now())
    return made


async def depart(browser: Browser, path: str) -> str:
    answer = await browser.get(path, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


async def be(person: str, address: str) -> str:
    """Says at the provider who one is; returns where it sends one back."""
    async with (
        ClientSession(cookie_jar=DummyCookieJar()) as session,
        session.post(address, data={"sub": person}, allow_redirects=False) as answer,
    ):
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"].partition("/sign-in")[2]


async def come_back(browser: Browser, back: str) -> tuple[int, str]:
    answer = await browser.get(f"/sign-in{back}")
    return answer.status, await answer.text()


async def linked_person(browser: Browser, database: Database, clock: SetClock, name: str) -> None:
    """Adds a lawyer, has them link their account, and sign out."""
    await sign_in(browser, await add_person(database, Role.LAWYER))
    await set_up_codes(browser, clock)
    status, page = await come_back(browser, await be(name, await depart(browser, "/account/provider")))
    assert (status, 'url=/account"' in page) == (200, True)
    await browser.post("/sign-out")


async def test_a_person_links_their_account_once_and_is_let_in_by_the_provider_from_then_on(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await linked_person(anonymous, database, clock, "zhou")
    address = await depart(anonymous, "/sign-in/provider?next=/meetings")
    status, page = await come_back(anonymous, await be("zhou", address))
    assert (status, 'url=/meetings"' in page) == (200, True)
    assert (await anonymous.get("/meetings", allow_redirects=False)).status == 200
    assert "统一身份" in await (await anonymous.get("/account")).text()


async def test_whom_nobody_has_linked_is_let_in_nowhere(anonymous: Browser) -> None:
    status, page = await come_back(anonymous, await be("li", await depart(anonymous, "/sign-in/provider")))
    assert (status, "还没有关联账号" in page) == (403, True)
    assert (await anonymous.get("/account", allow_redirects=False)).status == 303


async def test_what_was_not_asked_for_from_this_browser_is_not_believed(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await linked_person(anonymous, database, clock, "zhou")
    back = await be("zhou", await depart(anonymous, "/sign-in/provider"))
    anonymous.session.cookie_jar.clear()
    assert (await come_back(anonymous, back))[0] == 422
    await depart(anonymous, "/sign-in/provider")
    assert (await come_back(anonymous, back))[0] == 422, "the state is another's"


async def test_a_way_back_counts_once_and_not_for_long(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await linked_person(anonymous, database, clock, "zhou")
    back = await be("zhou", await depart(anonymous, "/sign-in/provider"))
    clock.move(TRIP)
    assert (await come_back(anonymous, back))[0] == 422
    clock.move(-TRIP)
    back = await be("zhou", await depart(anonymous, "/sign-in/provider"))
    kept = {cookie.key: cookie.value for cookie in anonymous.session.cookie_jar}
    assert (await come_back(anonymous, back))[0] == 200
    again = {"Cookie": f"lianbian_provider={kept['lianbian_provider']}"}
    assert (await anonymous.get(f"/sign-in{back}", headers=again)).status == 422


async def test_who_runs_or_audits_the_installation_is_not_let_in_that_way(
    anonymous: Browser, signed_in: SignedIn
) -> None:
    auditor = await signed_in(account(Role.AUDITOR, seeded=True))
    back = await be("yan", await depart(auditor, "/account/provider"))
    assert (await come_back(auditor, back))[0] == 403
    assert (await anonymous.get("/sign-in")).status == 200


async def test_a_person_of_the_providers_has_one_account(
    anonymous: Browser, signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    await linked_person(anonymous, database, clock, "zhou")
    other = await signed_in(account(Role.LAWYER, seeded=True))
    assert (await come_back(other, await be("zhou", await depart(other, "/account/provider"))))[0] == 409


async def test_what_the_provider_opened_ends_with_the_link(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await linked_person(anonymous, database, clock, "zhou")
    await come_back(anonymous, await be("zhou", await depart(anonymous, "/sign-in/provider")))
    assert (await anonymous.get("/account", allow_redirects=False)).status == 200
    await anonymous.post("/account/provider/remove")
    assert (await anonymous.get("/account", allow_redirects=False)).status == 303


async def test_an_account_that_was_unlinked_is_not_let_in(anonymous: Browser, signed_in: SignedIn) -> None:
    lawyer = await signed_in(account(Role.LAWYER, seeded=True))
    assert (await come_back(lawyer, await be("lin", await depart(lawyer, "/account/provider"))))[0] == 200
    await lawyer.post("/account/provider/remove")
    back = await be("lin", await depart(anonymous, "/sign-in/provider"))
    assert (await come_back(anonymous, back))[0] == 403


async def tell(issuer: str, person: str, **claims: object) -> None:
    """Has the provider say more of somebody than their name."""
    async with ClientSession() as session, session.put(f"{issuer}/users/{person}", json=claims) as answer:
        assert answer.status == 204


async def is_asked_for_a_proof(browser: Browser) -> bool:
    answer = await browser.get("/account/codes", allow_redirects=False)
    await answer.read()
    return answer.status == 303 and answer.headers["Location"].startswith("/account/prove")


async def test_a_sign_in_is_a_fresh_proof_only_from_when_the_provider_says_it_was_given(
    anonymous: Browser, database: Database, clock: SetClock, issuer: str
) -> None:
    await linked_person(anonymous, database, clock, "guo")
    now_s = int(clock.now().timestamp())
    for claims, asked_again in (
        ({"auth_time": None}, True),
        ({"auth_time": now_s - int(PROOF_LIFE.total_seconds())}, True),
        ({"auth_time": now_s}, False),
    ):
        await tell(issuer, "guo", **claims)
        back = await be("guo", await depart(anonymous, "/sign-in/provider"))
        assert (await come_back(anonymous, back))[0] == 200
        assert await is_asked_for_a_proof(anonymous) is asked_again
        await anonymous.post("/sign-out")


async def test_who_has_nothing_else_at_hand_proves_at_the_provider_who_they_are(
    anonymous: Browser, database: Database, clock: SetClock, issuer: str
) -> None:
    await linked_person(anonymous, database, clock, "xu")
    await tell(issuer, "xu", auth_time=None)
    await come_back(anonymous, await be("xu", await depart(anonymous, "/sign-in/provider")))
    before = {cookie.key: cookie.value for cookie in anonymous.session.cookie_jar}[SESSION_COOKIE]
    page = await (await anonymous.get("/account/codes")).text()
    assert 'href="/account/prove/provider?next=/account/codes"' in page
    address = await depart(anonymous, "/account/prove/provider?next=/account/codes")
    assert {"prompt": "login", "max_age": "0"}.items() <= URL(address).query.items()
    await tell(issuer, "xu", auth_time=int(clock.now().timestamp()))
    status, page = await come_back(anonymous, await be("xu", address))
    assert (status, 'url=/account/codes"' in page) == (200, True)
    assert not await is_asked_for_a_proof(anonymous)
    after = {cookie.key: cookie.value for cookie in anonymous.session.cookie_jar}[SESSION_COOKIE]
    assert after != before


async def test_a_form_that_waits_goes_on_once_it_was_proved_beside_it(
    anonymous: Browser, database: Database, clock: SetClock, issuer: str
) -> None:
    await linked_person(anonymous, database, clock, "he")
    await tell(issuer, "he", auth_time=None)
    await come_back(anonymous, await be("he", await depart(anonymous, "/sign-in/provider")))
    answer = await anonymous.post("/account/codes", data={"sealed": "AAAA", "code": "1"})
    assert answer.status == 403
    carried = re.search(r'name="carried" value="([^"]+)"', await answer.text())
    assert carried is not None
    form = {"carried": unescape(carried[1])}
    too_early = await anonymous.post("/account/prove", data=form)
    assert (too_early.status, carried[1] in await too_early.text()) == (403, True)
    address = await depart(anonymous, "/account/prove/provider")
    await tell(issuer, "he", auth_time=int(clock.now().timestamp()))
    status, page = await come_back(anonymous, await be("he", address))
    assert (status, 'url=/account/prove/done"' in page) == (200, True)
    assert "请关闭这一页" in await (await anonymous.get("/account/prove/done")).text()
    assert 'action="/account/codes"' in await (await anonymous.post("/account/prove", data=form)).text()


@pytest.mark.parametrize(
    ("person", "seconds_ago", "status"), [("deng", None, 422), ("deng", 300, 422), ("li", 0, 403)]
)
async def test_neither_an_old_proof_nor_that_of_another_counts(  # noqa: PLR0913, PLR0917 - fixtures
    anonymous: Browser,
    database: Database,
    clock: SetClock,
    issuer: str,
    person: str,
    seconds_ago: int | None,
    status: int,
) -> None:
    await linked_person(anonymous, database, clock, "deng")
    await tell(issuer, "deng", auth_time=None)
    await come_back(anonymous, await be("deng", await depart(anonymous, "/sign-in/provider")))
    told = None if seconds_ago is None else int(clock.now().timestamp()) - seconds_ago
    address = await depart(anonymous, "/account/prove/provider")
    await tell(issuer, person, auth_time=told)
    assert (await come_back(anonymous, await be(person, address)))[0] == status
    assert await is_asked_for_a_proof(anonymous)


async def provider_with(document_bytes: int, aiohttp_server: AiohttpServer) -> Provider:
    """Returns one whose document is that long; beyond what fits a packet it comes in pieces."""

    async def document(request: web.Request) -> web.Response:
        parts = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        told = json.dumps(dict.fromkeys(parts, str(request.url.origin())))
        return web.Response(text=told.rjust(document_bytes))

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", document)
    server = await aiohttp_server(app)
    issuer = str(server.make_url("")).rstrip("/")
    return Provider(issuer=issuer, client_id=CLIENT, client_secret="")


async def test_what_the_provider_says_is_read_to_its_end(aiohttp_server: AiohttpServer) -> None:
    provider = await provider_with(1_000_000, aiohttp_server)
    address = await provider.address(ASKED, "https://here.example/back")
    assert address.startswith(provider.issuer)


async def test_what_the_provider_says_without_end_is_not_read(aiohttp_server: AiohttpServer) -> None:
    provider = await provider_with(2_000_000, aiohttp_server)
    with pytest.raises(ProviderRefused):
        await provider.address(ASKED, "https://here.example/back")


SECRET, OTHER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
NOW = datetime(2026, 9, 28, tzinfo=UTC)
ASKED = Asked.fresh(NOW, SESSION_LIFE)
PROVIDER = Provider(issuer="https://id.example", client_id=CLIENT, client_secret="")


def token(key: Any = SECRET, algorithm: str = "ES256", **changed: object) -> dict[str, str]:  # noqa: ANN401
    claims = {
        "iss": PROVIDER.issuer,
        "aud": CLIENT,
        "sub": "zhou",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
        "nonce": ASKED.nonce,
    }
    given = {name: value for name, value in (claims | changed).items() if value is not None}
    return {"id_token": jwt.encode({"alg": algorithm}, given, key, algorithms=[algorithm])}


def heard(answered: object, provider: Provider = PROVIDER) -> Vouched:
    keys = KeySet([SECRET]).as_dict(private=False)
    return provider._vouched(answered, keys, ASKED, NOW)  # noqa: SLF001 - what is believed, without a network


def test_a_token_that_is_right_names_its_subject() -> None:
    assert heard(token()) == Vouched("zhou", None)
    assert heard(token(aud=[CLIENT, "another"], azp=CLIENT)) == Vouched("zhou", None)
    an_hour_ago = NOW - timedelta(hours=1)
    assert heard(token(auth_time=an_hour_ago.timestamp())) == Vouched("zhou", an_hour_ago)


def test_where_the_operator_wants_a_strength_the_provider_has_to_name_it() -> None:
    strict = replace(PROVIDER, strengths=("two-factors", "card"))
    assert heard(token(acr="card"), strict).subject == "zhou"
    for weaker in (token(), token(acr="password"), token(acr=["card"])):
        with pytest.raises(ProviderTooWeak):
            heard(weaker, strict)


@pytest.mark.parametrize(
    "answered",
    [
        token(key=OTHER),
        token(key=OctKey.import_key("what everybody knows of the key"), algorithm="HS256"),
        token(iss="https://evil.example"),
        token(aud="another"),
        token(aud=[CLIENT, "another"], azp="another"),
        token(nonce="of another"),
        token(nonce=None),
        token(exp=int((NOW - timedelta(minutes=5)).timestamp())),
        token(exp=None),
        token(iat=int((NOW + timedelta(minutes=5)).timestamp())),
        token(auth_time=(NOW - SESSION_LIFE - timedelta(minutes=2)).timestamp()),
        token(auth_time=(NOW + timedelta(minutes=2)).timestamp()),
        token(auth_time="yesterday"),
        token(auth_time=True),
        token(sub=None),
        token(sub=""),
        {"id_token": "eyJhbGciOiJub25lIn0.e30."},
        {"id_token": "x"},
        {},
        [],
    ],
)
def test_a_token_that_is_wrong_in_anything_is_not_believed(answered: object) -> None:
    with pytest.raises(ProviderRefused):
        heard(answered)
