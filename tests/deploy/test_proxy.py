"""`deploy/Caddyfile` in a real Caddy, before two nodes."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectorCertificateError, ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer
from cryptography import x509
from yarl import URL

from server.kernel.ids import new_id
from tests.servers.caddy import CADDYFILE, PROGRAM, CaddyServer, adapted

NODES = ("first", "second")


@dataclass(frozen=True, slots=True)
class Front:
    """The proxy, a browser that trusts its authority, and the nodes behind."""

    proxy: CaddyServer
    browser: ClientSession
    nodes: dict[str, TestServer]

    async def node_of(self, path: str) -> str:
        """Which node answers."""
        async with self.browser.get(path) as answer:
            assert answer.status == 200
            node: str = (await answer.json())["node"]
            return node


def node(name: str) -> web.Application:
    """A node that tells what it was asked."""

    async def tell(request: web.Request) -> web.Response:
        asked = {each.lower(): request.headers[each] for each in request.headers}
        return web.json_response({"node": name, "asked": asked})

    async def live(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(name)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/meetings/{meeting}/socket", live)
    app.router.add_get("/{path:.*}", tell)
    return app


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    nodes = {name: TestServer(node(name)) for name in NODES}
    for each in nodes.values():
        await each.start_server()
    proxy = CaddyServer(tmp_path, [f"127.0.0.1:{each.port}" for each in nodes.values()])
    try:
        await proxy.start()
        trusting = TCPConnector(ssl=ssl.create_default_context(cafile=str(proxy.root)))
        site = URL(f"https://localhost:{proxy.https_port}")
        async with ClientSession(site, connector=trusting) as browser:
            yield Front(proxy, browser, nodes)
    finally:
        proxy.remove()
        for each in nodes.values():
            await each.close()


async def test_whoever_trusts_the_own_authority_is_served_and_nobody_else(front: Front) -> None:
    assert await front.node_of("/cases") in NODES
    async with ClientSession() as stranger:
        with pytest.raises(ClientConnectorCertificateError):
            await stranger.get(f"https://localhost:{front.proxy.https_port}/")
        async with stranger.get(
            f"http://localhost:{front.proxy.http_port}/cases", allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (308, "https://localhost/cases")


async def test_the_root_outlives_the_terminals_and_the_site_renews_itself(front: Front) -> None:
    now = datetime.now(UTC)
    root = x509.load_pem_x509_certificate(front.proxy.root.read_bytes())
    site = x509.load_pem_x509_certificate(front.proxy.certificate.read_bytes())
    assert root.not_valid_after_utc - now > timedelta(days=365 * 9)
    assert timedelta(days=89) < site.not_valid_after_utc - now <= timedelta(days=90)


async def test_whoever_is_of_one_meeting_comes_to_one_node(front: Front) -> None:
    met = set()
    for meeting in (new_id() for _ in range(20)):
        async with front.browser.ws_connect(f"/meetings/{meeting}/socket") as socket:
            there = await socket.receive_str()
        met.add(there)
        for way in ("", "/watch", "/room?alone=yes", "/status"):
            assert await front.node_of(f"/meetings/{meeting}{way}") == there
    assert met == set(NODES)


async def test_what_is_of_no_meeting_stays_with_one_node(front: Front) -> None:
    assert len({await front.node_of(path) for path in ("/", "/kiosk", "/cases", "/desk", "/live?of=x")}) == 1


async def test_a_node_that_is_away_is_passed_over(front: Front) -> None:
    meetings = [f"/meetings/{new_id()}" for _ in range(8)]
    await front.nodes["first"].close()
    assert {await front.node_of(path) for path in meetings} == {"second"}


async def test_nobody_gives_themselves_another_address_or_meeting(front: Front) -> None:
    forged = {"X-Forwarded-For": "192.0.2.1", "Meeting": "theirs"}
    async with front.browser.get(f"/meetings/{new_id()}", headers=forged) as answer:
        asked = (await answer.json())["asked"]
    assert asked["x-forwarded-for"] == "127.0.0.1"
    assert asked["x-forwarded-proto"] == "https"
    assert "meeting" not in asked


def test_on_the_internet_certificates_are_asked_of_a_public_authority() -> None:
    told: Any = adapted(LIANBIAN_SITE="lianbian.example", LIANBIAN_AUTHORITY="public")
    (policy,) = told["apps"]["tls"]["automation"]["policies"]
    assert policy["subjects"] == ["lianbian.example"]
    assert [each["module"] for each in policy["issuers"]] == ["acme"]


def test_the_file_is_laid_out_as_caddy_does() -> None:
    done = subprocess.run((PROGRAM, "fmt", "--diff", CADDYFILE), capture_output=True, text=True, check=False)
    changed = [line for line in done.stdout.splitlines() if line.startswith(("+", "-"))]
    assert changed == []
