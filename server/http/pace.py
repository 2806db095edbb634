"""How often anybody may ask: so many requests a minute of each kind, by who asks (OWASP ASVS 5.0, 2.4.1).

People, terminals and agencies' keys count for themselves. Only strangers are counted by address, for a whole
institution may stand behind the same one: the bounds leave room for all of it. Wrong guesses at a secret are
another matter (`people.guesses`): those are counted for what is guessed at, wherever from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

from aiohttp import web

from server.http.identity import bearer_key, identity_of
from server.kernel.circumstances import ORIGIN
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind

WINDOW_S = 60
_SITE_BITS = 64
"""Of an IPv6 address: within them its holder takes any other at will (RFC 6177 §2)."""


class Pace(StrEnum):
    """Kinds of routes, by what asking too often would do."""

    ORDINARY = "ordinary"
    COSTLY = "costly"
    """What takes the server much: searches, suggestions, exports, new uploads, first passwords."""
    GUESS = "guess"
    """Where a secret is shown, and may be guessed at."""
    FREE = "free"
    """Files of the pages, and what a load balancer asks: they cost next to nothing, and are not counted."""


MOST: Mapping[Pace, int] = {Pace.ORDINARY: 1200, Pace.COSTLY: 300, Pace.GUESS: 300}
"""Requests within `WINDOW_S`: many times what a person does, and as many as all of an institution do."""


class TooFast(DomainError):
    """Somebody, or an address, asks more often than anybody would who works with the pages."""

    kind = Kind.TOO_MANY
    code = "too-fast"
    title = N_("操作太频繁，请稍后再试")
    advice = N_("请等 {seconds} 秒后再试，已保存的内容都在。")


class Counts(Protocol):
    """Counts requests, on all nodes together as long as they hear each other."""

    async def count(self, subject: str, window: int) -> int:
        """Count one more of `subject` in the window of this number, and return how many there are."""
        ...


@dataclass(frozen=True, slots=True)
class Pacer:
    """Turns away who asks too often."""

    counts: Counts
    clock: Clock
    times: int = 1
    """How many times as often as `MOST` says; 0 counts nothing."""

    async def admit(self, request: web.Request, pace: Pace) -> None:
        """Pass if the sender may ask again; raises `TooFast`."""
        if pace is Pace.FREE or not self.times:
            return
        now_s = int(self.clock.now().timestamp())
        window, passed_s = divmod(now_s, WINDOW_S)
        if await self.counts.count(f"{pace}:{_sender(request)}", window) > MOST[pace] * self.times:
            raise TooFast(seconds=WINDOW_S - passed_s)


def _sender(request: web.Request) -> str:
    identity = identity_of(request)
    key = bearer_key(request) if identity.scopes is not None else None
    if key is not None:
        return f"key:{sha256(key.encode(errors='backslashreplace')).hexdigest()}"
    return identity.account_id or identity.terminal_id or site_of(ORIGIN.get())


def site_of(address: str) -> str:
    """Return whom an address stands for: itself, or its IPv6 network; empty text stands for itself."""
    parsed = ip_address(address) if address else None
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, _SITE_BITS), strict=False))
