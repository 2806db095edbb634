"""A WebRTC peer in the place of a browser: real ICE checks, a real DTLS handshake, real SRTP. No codec.

It shares no code with the forwarder, so the two can prove each other wrong.
"""

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self, cast

import pylibsrtp
from aioice import stun
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Policy
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Profile:
    """An SRTP protection profile (RFC 5764 §4.1.2, RFC 7714 §14.2)."""

    name: str
    srtp_profile: int
    key_length: int
    salt_length: int

    def split(self, material: bytes) -> tuple[bytes, bytes]:
        """Return the client's and the server's key with salt from the exported material (RFC 5764 §4.2)."""
        key, salt = self.key_length, self.salt_length
        salts = material[2 * key :]
        return material[:key] + salts[:salt], material[key : 2 * key] + salts[salt:]


AES_128_GCM = Profile("SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12)
AES_128_CM_SHA1_80 = Profile("SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14)

_CODECS = {
    "audio": "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n",
    "video": "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n",
}
PAYLOAD_TYPES = {"audio": 111, "video": 96}


def _certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    return builder.sign(key, hashes.SHA256()), key


CERTIFICATE, KEY = _certificate()


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


@dataclass
class Answer:
    """What a peer needs of the answer."""

    text: str

    def one(self, pattern: str) -> str:
        match = re.search(pattern, self.text, re.MULTILINE)
        assert match is not None, pattern
        return match[1].strip()

    @property
    def address(self) -> tuple[str, int]:
        return self.one(r"^a=candidate:\S+ 1 udp \d+ (\S+)"), int(self.one(r"^a=candidate:.* (\d+) typ host"))

    def ssrcs(self) -> dict[str, int]:
        """Return the announced SSRC of each kind, in the answer of a subscriber."""
        found = {}
        for section in self.text.split("\r\nm=")[1:]:
            match = re.search(r"^a=ssrc:(\d+)", section, re.MULTILINE)
            if match:
                found[section.split()[0]] = int(match[1])
        return found


@dataclass
class Peer(asyncio.DatagramProtocol):
    """One PeerConnection's worth of a browser."""

    direction: str
    kinds: tuple[str, ...] = ("audio", "video")
    profile: Profile = AES_128_GCM
    ssrcs: dict[str, int] = field(default_factory=dict)
    fragment: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    rtp: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)
    rtcp: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        if self.direction == "sendonly":
            self.ssrcs = {kind: secrets.randbits(31) + 1 for kind in self.kinds}
        self.transport: asyncio.DatagramTransport
        self.answer: Answer
        self.sending: pylibsrtp.Session
        self.receiving: pylibsrtp.Session
        self._checked = asyncio.Event()
        self._handshakes: asyncio.Queue[bytes] = asyncio.Queue()
        self._connected = False
        self._checking: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        direction: str,
        kinds: tuple[str, ...] = ("audio", "video"),
        *,
        profile: Profile = AES_128_GCM,
        host: str = "127.0.0.1",
    ) -> Self:
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_datagram_endpoint(
            lambda: cls(direction=direction, kinds=kinds, profile=profile), local_addr=(host, 0)
        )
        return peer

    def offer(self) -> str:
        mids = " ".join(str(number) for number in range(len(self.kinds)))
        head = f"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n"
        return head + "".join(self._section(mid, kind) for mid, kind in enumerate(self.kinds))

    def _section(self, mid: int, kind: str) -> str:
        host, port = self.transport.get_extra_info("sockname")[:2]
        source = f"a=ssrc:{self.ssrcs[kind]} cname:peer\r\n" if kind in self.ssrcs else ""
        return (
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {PAYLOAD_TYPES[kind]}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n"
            f"a={self.direction}\r\na=ice-ufrag:{self.fragment}\r\na=ice-pwd:{self.password}\r\n"
            f"a=fingerprint:sha-256 {fingerprint(CERTIFICATE)}\r\na=setup:actpass\r\na=rtcp-mux\r\n"
            f"{_CODECS[kind]}{source}"
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\na=end-of-candidates\r\n"
        )

    async def connect(self, answer: str, *, timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            self.answer = Answer(answer)
            self._checking = asyncio.create_task(self._check())
            await self._checked.wait()
            await self._handshake()

    async def _check(self) -> None:
        """Check and nominate until the first answer, then once in a while to keep the consent."""
        while True:
            self.check()
            await asyncio.sleep(2.5 if self._checked.is_set() else 0.05)

    def check(self) -> None:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.answer.one('^a=ice-ufrag:(.*)$')}:{self.fragment}"
        message.attributes["PRIORITY"] = 1_853_693_695
        message.attributes["ICE-CONTROLLING"] = 1
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self.answer.one("^a=ice-pwd:(.*)$").encode())
        self.transport.sendto(bytes(message), self.answer.address)

    async def _handshake(self) -> None:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(CERTIFICATE)
        context.use_privatekey(KEY)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_tlsext_use_srtp(self.profile.name.encode())
        tls = SSL.Connection(context)
        passive = "a=setup:active" in self.answer.text
        if passive:
            tls.set_accept_state()
        else:
            tls.set_connect_state()
        while True:
            try:
                tls.do_handshake()
            except SSL.WantReadError:
                self._flush(tls)
                try:
                    tls.bio_write(await asyncio.wait_for(self._handshakes.get(), 0.5))
                except TimeoutError:
                    tls.DTLSv1_handle_timeout()
            else:
                break
        self._flush(tls)
        certificate = tls.get_peer_certificate(as_cryptography=True)
        assert certificate is not None
        assert fingerprint(certificate) == self.answer.one("^a=fingerprint:sha-256 (.*)$")
        profile = self.profile
        size = 2 * (profile.key_length + profile.salt_length)
        client, server = profile.split(tls.export_keying_material(b"EXTRACTOR-dtls_srtp", size))
        ours, theirs = (server, client) if passive else (client, server)
        self.sending = self._session(ours, Policy.SSRC_ANY_OUTBOUND)
        self.receiving = self._session(theirs, Policy.SSRC_ANY_INBOUND)
        self._connected = True

    def _session(self, key: bytes, ssrc_type: int) -> pylibsrtp.Session:
        policy = Policy(key=key, ssrc_type=ssrc_type, srtp_profile=self.profile.srtp_profile)
        policy.window_size = 1024
        policy.allow_repeat_tx = True
        return pylibsrtp.Session(policy)

    def _flush(self, tls: SSL.Connection) -> None:
        while True:
            try:
                data = tls.bio_read(1500)
            except SSL.WantReadError:
                return
            self.transport.sendto(data, self.answer.address)

    def send_rtp(self, packet: bytes) -> None:
        self.transport.sendto(self.sending.protect(packet), self.answer.address)

    def send_rtcp(self, packet: bytes) -> None:
        self.transport.sendto(self.sending.protect_rtcp(packet), self.answer.address)

    def stop_checks(self) -> None:
        if self._checking is not None:
            self._checking.cancel()

    def close(self) -> None:
        self.stop_checks()
        self.transport.close()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not a subclass on every version of Python, though it is one in all but name.
        self.transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[0] < 4:
            self._receive_stun(stun.parse_message(data), addr)
        elif data[0] < 64:
            if self._connected:
                self.closed.set()
            self._handshakes.put_nowait(data)
        elif not self._connected:
            return
        elif 192 <= data[1] < 224:
            self.rtcp.put_nowait(self.receiving.unprotect_rtcp(data))
        else:
            self.rtp.put_nowait(self.receiving.unprotect(data))

    def _receive_stun(self, message: stun.Message, address: tuple[str, int]) -> None:
        if message.message_class is stun.Class.RESPONSE:
            self._checked.set()
        elif message.message_class is stun.Class.REQUEST:
            response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            response.attributes["XOR-MAPPED-ADDRESS"] = address
            response.add_message_integrity(self.password.encode())
            self.transport.sendto(bytes(response), address)
