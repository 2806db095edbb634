"""coturn as `deploy/turn.sh` starts it: who gets a relay, and whereto; most needs a machine that has it."""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aioice import stun, turn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typing_extensions import override

from server.rooms.turn import TurnServer
from tests.servers.turn import SECRET, CoturnServer
from tests.unit.rooms.meetings import CLIENT, MEETING
from tests.until import until
from workbench.places import ROOT

NEXT_HOUR = timedelta(hours=1)
needs_coturn = pytest.mark.skipif(
    shutil.which("turnserver") is None, reason="coturn is not installed on this machine"
)


class Ears(asyncio.DatagramProtocol):
    """Keeps what comes with where it came from, and what could not be sent."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.refused: asyncio.Queue[Exception] = asyncio.Queue()

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait((data, addr))

    @override
    def error_received(self, exc: Exception) -> None:
        self.refused.put_nowait(exc)


@pytest.fixture
async def coturn(tmp_path: Path) -> AsyncIterator[CoturnServer]:
    server = CoturnServer(tmp_path)
    try:
        await server.start()
        yield server
    finally:
        server.remove()


async def relayed(
    coturn: CoturnServer,
    *,
    ends_in: timedelta = NEXT_HOUR,
    secret: str = SECRET,
    tls: ssl.SSLContext | None = None,
) -> tuple[turn.TurnTransport, Ears]:
    """Asks for a relay with the pass of a meeting that ends so late."""
    made = TurnServer(coturn.urls, secret).pass_for(
        CLIENT.id, meeting_id=MEETING.id, ends_at=datetime.now(UTC) + ends_in
    )
    return await turn.create_turn_endpoint(
        Ears,
        ("127.0.0.1", coturn.port if tls is None else coturn.tls_port),
        made.username,
        made.credential,
        ssl=tls,
        transport="udp" if tls is None else "tcp",
    )


def configuration(folder: Path, **told: str) -> "subprocess.CompletedProcess[str]":
    """Runs the script with a program in coturn's place that shows what it is told."""
    (folder / "turnserver").write_text('#!/bin/sh\ncat "$2"\n')
    (folder / "turnserver").chmod(0o755)
    (folder / "secret").write_text(f"{SECRET}\n")
    environment = {
        "PATH": f"{folder}{os.pathsep}{os.defpath}",
        "LIANBIAN_PUBLIC_ADDRESS": "192.0.2.1",
        "LIANBIAN_TURN_SECRET_FILE": str(folder / "secret"),
        "RUNTIME_DIRECTORY": str(folder),
        **told,
    }
    script = ROOT / "deploy" / "turn.sh"
    return subprocess.run((script,), env=environment, capture_output=True, text=True, check=False)


def test_coturn_is_told_to_relay_to_the_media_address_alone(tmp_path: Path) -> None:
    lines = configuration(tmp_path).stdout.splitlines()
    assert [line for line in lines if line.startswith("allowed-peer-ip")] == ["allowed-peer-ip=192.0.2.1"]
    for wanted in (
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "no-tcp-relay",
        "use-auth-secret",
        f"static-auth-secret={SECRET}",
        "no-cli",
        "no-tls",
    ):
        assert wanted in lines
    assert not {"verbose", "no-auth", "allow-loopback-peers", "log-binding"} & set(lines)
    assert (tmp_path / "turnserver.conf").stat().st_mode & 0o777 == 0o600


def test_coturn_does_not_start_without_the_certificate_it_was_told_of(tmp_path: Path) -> None:
    told = {"TURN_CERTIFICATE": "/nowhere/site.crt", "TURN_KEY": "/nowhere/site.key"}
    done = configuration(tmp_path, **told)
    assert (done.returncode, done.stdout) == (1, "")
    assert "/nowhere/site.crt" in done.stderr


@needs_coturn
async def test_the_relay_reaches_the_media_address_and_no_other(coturn: CoturnServer) -> None:
    loop = asyncio.get_running_loop()
    media, here = await loop.create_datagram_endpoint(Ears, local_addr=("127.0.0.1", 0))
    relay, ears = await relayed(coturn)
    async with asyncio.timeout(10):
        relay.sendto(b"a check", media.get_extra_info("sockname"))
        data, back = await here.heard.get()
        media.sendto(b"its answer", back)
        answer, _ = await ears.heard.get()
        assert (data, answer) == (b"a check", b"its answer")
        for elsewhere in ("127.0.0.2", "10.0.0.1", "169.254.169.254", "8.8.8.8", "0.0.0.0", "224.0.0.1"):  # noqa: S104
            relay.sendto(b"a probe", (elsewhere, 53))
            refused = await ears.refused.get()
            assert isinstance(refused, stun.TransactionFailed)
            assert refused.response.error_code == 403
    relay.close()
    media.close()


@needs_coturn
async def test_an_ended_and_a_forged_pass_open_no_relay(coturn: CoturnServer) -> None:
    for ends_in, secret in ((timedelta(minutes=-2), SECRET), (NEXT_HOUR, SECRET[::-1])):
        with pytest.raises(stun.TransactionFailed) as refused:
            await relayed(coturn, ends_in=ends_in, secret=secret)
        assert refused.value.response.error_code == 401


@needs_coturn
async def test_what_coturn_writes_names_nobody(coturn: CoturnServer) -> None:
    relay, _ = await relayed(coturn)
    _, port = relay.get_extra_info("related_address")
    with pytest.raises(stun.TransactionFailed):
        await relayed(coturn, secret=SECRET[::-1])
    await until(lambda: "Cannot find credentials" in coturn.log.read_text("utf-8"))
    said = coturn.log.read_text("utf-8")
    for known in (f":{port}", CLIENT.id, CLIENT.name, MEETING.id, SECRET):
        assert known not in said
    relay.close()


@needs_coturn
async def test_the_relay_is_reached_over_tls_too(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    server = CoturnServer(tmp_path, TURN_CERTIFICATE=str(certificate), TURN_KEY=str(key))
    media, here = await asyncio.get_running_loop().create_datagram_endpoint(Ears, local_addr=("127.0.0.1", 0))
    try:
        await server.start()
        relay, _ = await relayed(server, tls=ssl.create_default_context(cafile=str(certificate)))
        async with asyncio.timeout(10):
            relay.sendto(b"a check", media.get_extra_info("sockname"))
            assert (await here.heard.get())[0] == b"a check"
        relay.close()
        media.close()
    finally:
        server.remove()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Makes a certificate of this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "turn")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - NEXT_HOUR)
        .not_valid_after(now + NEXT_HOUR)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = (
        made.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    paths = folder / "site.crt", folder / "site.key"
    for path, text in zip(paths, pem, strict=True):
        path.write_bytes(text)
    return paths
