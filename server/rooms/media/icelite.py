"""ICE-lite (RFC 8445 §2.5): answer connectivity checks, learn addresses, notice silence. No socket here.

A lite agent never checks by itself. Every answered check renews the peer's consent to receive
(RFC 7675), and each check that nominates moves the leg to the address it came from, so a client that
changes networks goes on with the next check. Whatever is not a check for one of our legs is dropped
without an answer: the port tells a stranger nothing.
"""

import secrets
import string
import struct
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final, TypeAlias

from aioice import stun

from server.rooms.media.sdp import Credentials

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
"""A socket address of IPv4 or IPv6, as the socket gives and takes it."""

CONSENT_S: Final = 30.0
"""A peer that sent no check for so long does not want our packets any more (RFC 7675 §5.1)."""
MAX_ADDRESSES: Final = 8
"""Addresses a leg may have shown itself from; the oldest is forgotten."""
MAX_MESSAGE_BYTES: Final = 548
"""A longer STUN message is never sent by an ICE peer (RFC 8489 §6.1)."""

_ALPHABET: Final = string.ascii_letters + string.digits
_FRAGMENT_CHARACTERS: Final = 8
_PASSWORD_CHARACTERS: Final = 24
_HEADER: Final = struct.Struct("!HHI")
_BINDING_REQUEST: Final = 0x0001
_ROLE_CONFLICT: Final = (487, "Role Conflict")


def new_credentials() -> Credentials:
    """Return fresh credentials: 47 and 142 random bits, above the 24 and 128 of RFC 8445 §5.3."""
    return Credentials(_random(_FRAGMENT_CHARACTERS), _random(_PASSWORD_CHARACTERS))


def _random(characters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))


@dataclass(slots=True)
class Peer:
    """The other end of one leg, as far as its checks have told."""

    local: Credentials
    remote: Credentials
    consent_until_s: float
    nominated: Address | None = None
    """Where we send to: the address of the latest nominating check, before that of the first check."""
    addresses: dict[Address, None] = field(default_factory=dict)
    """Every address that passed a check, in order of first sight."""


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """A check was good: `response` goes back to where it came from."""

    peer: Peer
    response: bytes
    forgotten: Address | None
    """An address that the leg no longer has."""


@dataclass(frozen=True, slots=True)
class CheckRefused:
    """The check came from a leg's peer but cannot be: it claims to be controlled, like us."""

    response: bytes


class IceLite:
    """Answers the checks of all legs on one port."""

    def __init__(self) -> None:
        """Begin without legs."""
        self._peers: dict[str, Peer] = {}

    def add(self, peer: Peer) -> None:
        """Answer checks for `peer` from now on."""
        self._peers[peer.local.fragment] = peer

    def remove(self, peer: Peer) -> None:
        """Answer no more checks for `peer`."""
        self._peers.pop(peer.local.fragment, None)

    def receive(self, data: bytes, address: Address, *, now_s: float) -> CheckPassed | CheckRefused | None:
        """Take a datagram that looks like STUN; return None where it deserves no answer."""
        if not _is_binding_request(data):
            return None
        message = _parse(data)
        if message is None:
            return None
        peer = self._addressee(message)
        if peer is None or not message.check_message_integrity(peer.local.password.encode()):
            return None
        if "ICE-CONTROLLED" in message.attributes:
            return CheckRefused(_refusal(message, peer.local.password))
        peer.consent_until_s = now_s + CONSENT_S
        forgotten = _remember(peer, address)
        if peer.nominated is None or "USE-CANDIDATE" in message.attributes:
            peer.nominated = address
        return CheckPassed(peer, _response(message, address, peer.local.password), forgotten)

    def _addressee(self, message: stun.Message) -> Peer | None:
        """Find the leg by `USERNAME`, ours before theirs (RFC 8445 §7.2.2)."""
        local, _, remote = str(message.attributes.get("USERNAME", "")).partition(":")
        peer = self._peers.get(local)
        if peer is None or remote != peer.remote.fragment:
            return None
        return peer


def _is_binding_request(data: bytes) -> bool:
    """Tell a binding request by its header, before anything is parsed (RFC 8489 §5)."""
    if not stun.HEADER_LENGTH <= len(data) <= MAX_MESSAGE_BYTES:
        return False
    message_type, length, cookie = _HEADER.unpack_from(data)
    whole = len(data) == stun.HEADER_LENGTH + length and length % 4 == 0
    return bool(message_type == _BINDING_REQUEST and cookie == stun.COOKIE and whole)


def _parse(data: bytes) -> stun.Message | None:
    """Parse through aioice, whose attribute readers raise `struct.error` on attributes cut short."""
    try:
        return stun.parse_message(data)
    except (ValueError, struct.error):
        return None


def _remember(peer: Peer, address: Address) -> Address | None:
    """Note that `peer` was seen at `address`; return the address that had to be forgotten for it."""
    peer.addresses[address] = None
    if len(peer.addresses) <= MAX_ADDRESSES:
        return None
    oldest = next(known for known in peer.addresses if known not in (peer.nominated, address))
    del peer.addresses[oldest]
    return oldest


def _response(request: stun.Message, address: Address, password: str) -> bytes:
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = (_plain_host(address[0]), address[1])
    response.add_message_integrity(password.encode())
    return bytes(response)


def _refusal(request: stun.Message, password: str) -> bytes:
    """Build the role conflict error of RFC 8445 §7.3.1.1: a lite agent is always the controlled one."""
    response = stun.Message(stun.Method.BINDING, stun.Class.ERROR, request.transaction_id)
    response.attributes["ERROR-CODE"] = _ROLE_CONFLICT
    response.add_message_integrity(password.encode())
    return bytes(response)


def _plain_host(host: str) -> str:
    """Return an IPv4 address as itself where a dual-stack socket shows it mapped into IPv6."""
    address = ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
