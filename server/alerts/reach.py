"""Where webhooks may go: never into the installation's own network unless the operator lists the host.

An address is judged when the line is opened, not when it is written down: a name can lead elsewhere by then
(OWASP ASVS 5.0, 1.3.6).
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Reach:
    """The hosts that the operator lists; `.court.example` is every host below that name."""

    hosts: tuple[str, ...] = ()

    def lists(self, host: str) -> bool:
        """Tell whether the host is listed."""
        return any(host == each or (each.startswith(".") and host.endswith(each)) for each in self.hosts)

    def may_name(self, host: str) -> bool:
        """Tell whether a webhook at the host is taken at all: a listed one, or any where none is listed."""
        return not self.hosts or self.lists(host)

    def may_reach(self, host: str) -> bool:
        """Tell whether a line to the host may be opened, as far as the host itself tells."""
        if self.lists(host):
            return True
        return not self.hosts and (not is_address(host) or is_public(host))


def is_address(host: str) -> bool:
    """Tell whether a host is named by its address, which no resolver is asked about."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Tell whether an address is one of the internet."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed.is_global and not parsed.is_multicast


class PublicResolver(AbstractResolver):
    """Looks names up, and forgets the addresses that are none of the internet."""

    def __init__(self) -> None:
        """Ask the system."""
        self._system = ThreadedResolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = [each for each in await self._system.resolve(host, port, family) if is_public(each["host"])]
        if not found:
            message = "no public address"
            raise OSError(message)
        return found

    @override
    async def close(self) -> None:
        await self._system.close()
