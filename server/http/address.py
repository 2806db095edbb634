"""From where a request comes: its sender's address, or the one that a proxy of ours tells."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.http.device import device_named
from server.kernel.circumstances import DEVICE, ORIGIN, RULE

Network = IPv4Network | IPv6Network


def address_of(request: web.Request, proxies: Sequence[Network]) -> str:
    """Return the nearest address that is no proxy of ours; what a stranger's header says is not believed."""
    told = ",".join(request.headers.getall("X-Forwarded-For", ()))
    hops = [request.remote or "", *reversed(told.split(","))] if told else [request.remote or ""]
    nearest = ""
    for hop in hops:
        address = _parse(hop)
        if address is None:
            break
        nearest = str(address)
        if not any(address in network for network in proxies):
            break
    return nearest


def locate(proxies: Sequence[Network]) -> Middleware:
    """Make the middleware that notes from where each request comes, and with what browser."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        ORIGIN.set(address_of(request, proxies))
        DEVICE.set(device_named(request.headers.get("User-Agent", "")))
        RULE.set("")  # a connection's requests may share a task
        return await handler(request)

    return middleware


def _parse(hop: str) -> IPv4Address | IPv6Address | None:
    """Read an address without its zone (RFC 4007 §11), which only its machine knows; None of other text.

    One of IPv4 that came to a socket of IPv6 is what it stands for (RFC 4291 §2.5.5.2).
    """
    try:
        address = ip_address(hop.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
