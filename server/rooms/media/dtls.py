"""The door to aiortc: the DTLS handshake that agrees on SRTP keys (RFC 5763, RFC 5764).

aiortc's `RTCDtlsTransport` is public, but has no public way to run on another's datagrams or to hand over
its keys. It asks three things of the ICE transport below it (`role`, `_recv`, `_send`) and keeps its SRTP
sessions in two attributes; these names, and `_set_role`, are all that we use of its inside, and only here.
A contract test pins them, and the requirement pins `aiortc==1.16.*`.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport
from OpenSSL import SSL

from server.rooms.media.sdp import Fingerprint
from server.rooms.media.srtp import Inbound, Outbound, context

_MAX_WAITING: Final = 32
"""Datagrams kept for a handshake that is busy; a flight is far shorter."""
_DIGEST: Final = "sha-256"


class Certificate:
    """The self-signed certificate of this process; descriptions carry its fingerprint (RFC 8122)."""

    def __init__(self) -> None:
        """Make a fresh key and certificate (P-256)."""
        self.inner: Final = RTCCertificate.generateCertificate()

    @property
    def fingerprint(self) -> Fingerprint:
        """Return the SHA-256 fingerprint."""
        values = {print_.algorithm: print_.value for print_ in self.inner.getFingerprints()}
        return Fingerprint(_DIGEST, values[_DIGEST])


class Listener(Protocol):
    """What becomes of a handshake."""

    def secured(self, inbound: Inbound, outbound: Outbound) -> None:
        """Keys are agreed and the peer's certificate is the one of its description."""
        ...

    def broken(self) -> None:
        """The handshake failed, or the peer closed the connection."""
        ...


class Dtls:
    """The passive (server) end of one leg's DTLS connection."""

    def __init__(
        self,
        *,
        certificate: Certificate,
        fingerprints: tuple[Fingerprint, ...],
        send: Callable[[bytes], None],
        listener: Listener,
    ) -> None:
        """Prepare; `fingerprints` are those of the peer's description."""
        self._ice = _IceSide(send)
        self._listener = listener
        self._parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(print_.algorithm, print_.value) for print_ in fingerprints]
        )
        self._transport = RTCDtlsTransport(cast("RTCIceTransport", self._ice), [certificate.inner])
        self._transport._set_role("server")  # noqa: SLF001 - pinned by the contract test of this door
        self._transport.on("statechange", self._changed)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to wait for the peer's first flight."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def receive(self, data: bytes) -> None:
        """Take a datagram whose first byte says DTLS (RFC 7983 §7)."""
        self._ice.feed(data)

    async def close(self) -> None:
        """Stop, and tell the peer so (`close_notify`)."""
        self._transport.remove_all_listeners()
        if self._task is not None:
            self._task.cancel()
        await self._transport.stop()

    async def _run(self) -> None:
        try:
            await self._transport.start(self._parameters)
        except (SSL.Error, ConnectionError):
            # aiortc lets errors of the retransmission timer through.
            self._listener.broken()

    def _changed(self) -> None:
        match self._transport.state:
            case "connected":
                rx, tx = self._transport._rx_srtp, self._transport._tx_srtp  # noqa: SLF001 - pinned likewise
                self._listener.secured(context(rx), context(tx))
            case "closed" | "failed":
                self._listener.broken()
            case _:
                return


class _IceSide:
    """The ICE transport as `RTCDtlsTransport` sees it."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(_MAX_WAITING)
        self._send_now = send

    def feed(self, data: bytes) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(data)

    async def _recv(self) -> bytes:
        return await self._waiting.get()

    async def _send(self, data: bytes) -> None:
        self._send_now(data)
