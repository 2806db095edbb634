"""What operators and their programs see of the installation's health."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from server.app import METRICS
from server.http.health import Finding, Probe, State, readiness
from server.kernel.identity import Role
from server.probes import (
    QUEUE_SLOW,
    QUEUE_STUCK,
    RENEW_WITHIN,
    certificate_probe,
    disk_probe,
    queue_probe,
)
from storage.database import Database
from tests.dossiers import dossier
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.world import Where, make_world

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_process_that_reaches_its_database_is_ready(anonymous: Browser) -> None:
    answer = await anonymous.get("/readyz")
    assert (answer.status, await answer.text()) == (200, "ready\n")


def _probe(state: State, *, essential: bool) -> Probe:
    async def look() -> Finding:
        return Finding(state=state, words="")

    return Probe(name="", code=f"{state}-thing", look=look, is_essential=essential)


async def test_a_process_without_something_essential_is_not_ready_and_names_it() -> None:
    answer = await readiness((_probe(State.WELL, essential=True), _probe(State.FAILED, essential=True)))
    assert (answer.status, answer.text) == (503, "not ready: failed-thing\n")
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize(("state", "essential"), [(State.WORRYING, True), (State.FAILED, False)])
async def test_a_worry_or_the_lack_of_what_is_not_essential_leaves_the_process_ready(
    state: State, *, essential: bool
) -> None:
    assert (await readiness((_probe(state, essential=essential),))).status == 200


async def test_a_probe_that_hangs_or_breaks_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.http.health.PROBE_S", 0.05)
    released = asyncio.Event()

    async def hang() -> Finding:
        await released.wait()
        return Finding(state=State.WELL, words="")

    async def break_down() -> Finding:
        raise ConnectionError

    answer = await readiness(
        (
            Probe(name="", code="hanging", look=hang, is_essential=True),
            Probe(name="", code="broken", look=break_down, is_essential=True),
        )
    )
    released.set()
    assert answer.text == "not ready: hanging broken\n"


async def test_the_operator_sees_each_part_and_nobody_else_does(signed_in: SignedIn) -> None:
    admin = await signed_in(account(Role.SYSTEM_ADMIN, seeded=True))
    page = await (await admin.get("/health")).text()
    assert "数据库" in page
    assert "应答正常" in page
    lawyer = await signed_in(account(Role.LAWYER, seeded=True))
    assert (await lawyer.get("/health")).status == 403


async def test_each_answer_names_its_trace_and_so_does_each_problem(anonymous: Browser) -> None:
    answer = await anonymous.get("/nowhere", headers={"Accept": "application/json"})
    trace = answer.headers["Trace-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", trace)
    assert (await answer.json())["instance"] == f"urn:lianbian:trace:{trace}"


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        (TRACEPARENT, True),
        (TRACEPARENT.replace("00-", "01-", 1) + "-more", True),
        (TRACEPARENT.replace("00-", "ff-", 1), False),
        (TRACEPARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32), False),
        (TRACEPARENT.upper(), False),
        ("4bf92f3577b34da6a3ce929d0e0e4736", False),
        ("", False),
    ],
)
async def test_the_trace_of_a_proxy_is_taken_over_where_it_is_one(
    anonymous: Browser, given: str, *, is_taken: bool
) -> None:
    answer = await anonymous.get("/healthz", headers={"traceparent": given})
    assert (answer.headers["Trace-Id"] == "4bf92f3577b34da6a3ce929d0e0e4736") is is_taken


async def test_the_figures_count_answers_by_route_and_name_no_record(
    anonymous: Browser, app: web.Application
) -> None:
    await anonymous.get("/cases/a-secret-number", allow_redirects=False)
    await anonymous.get("/nowhere/of/a-secret-number")
    async with TestClient(TestServer(app[METRICS].application())) as prometheus:
        figures = await (await prometheus.get("/metrics")).text()
    assert 'lianbian_http_requests_total{method="GET",route="/cases/{case_id}",status="3xx"} 1.0' in figures
    assert 'route="-",status="4xx"} 1.0' in figures
    assert "lianbian_meetings_live 0.0" in figures
    assert "secret" not in figures


def _certificate(path: Path, clock: SetClock, *, ends_in: timedelta) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lianbian.test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(clock.now() - timedelta(days=90))
        .not_valid_after(clock.now() + ends_in)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("ends_in", "state"),
    [
        (RENEW_WITHIN + timedelta(days=1), State.WELL),
        (RENEW_WITHIN - timedelta(days=1), State.WORRYING),
        (timedelta(0), State.FAILED),
    ],
)
async def test_a_certificate_worries_before_it_ends(
    tmp_path: Path, clock: SetClock, ends_in: timedelta, state: State
) -> None:
    path = _certificate(tmp_path / "cert.pem", clock, ends_in=ends_in)
    assert (await certificate_probe(path, clock).look()).state is state


@pytest.mark.parametrize(
    "content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
async def test_a_certificate_that_cannot_be_read_is_a_failure(
    tmp_path: Path, clock: SetClock, content: bytes | None
) -> None:
    path = tmp_path / "cert.pem"
    if content is not None:
        path.write_bytes(content)
    assert (await certificate_probe(path, clock).look()).state is State.FAILED


@pytest.mark.parametrize(
    ("free", "state"), [(50, State.WELL), (5, State.WORRYING), (0, State.FAILED)], ids=str
)
async def test_a_disk_that_fills_up_worries_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    class Space:
        total = 100 * 10**9

    Space.free = free * 10**9  # type: ignore[attr-defined]
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Space)
    assert (await disk_probe(tmp_path).look()).state is state


@pytest.mark.parametrize(
    ("waited", "state"),
    [
        (timedelta(0), State.WELL),
        (QUEUE_SLOW - timedelta(seconds=1), State.WELL),
        (QUEUE_SLOW, State.WORRYING),
        (QUEUE_STUCK, State.FAILED),
    ],
)
async def test_dossiers_that_wait_for_long_are_seen(
    database: Database, clock: SetClock, waited: timedelta, state: State
) -> None:
    probe = queue_probe(database, clock)
    empty = await probe.look()
    assert (empty.state, empty.values) == (State.WELL, ())
    world = await make_world(database)
    one, lawyer = world.cases[Where.OWN], world.accounts[Role.LAWYER]
    async with database.transaction() as tx:
        for _ in range(2):
            await tx.casefiles.add_dossier(dossier(one.id, received_from=lawyer.id))
    clock.move(waited)
    found = await probe.look()
    assert found.state is state
    assert found.values == (("count", 2), ("minutes", int(waited.total_seconds() // 60)))
