"""The same-origin rule: an unsafe request or a websocket that carries a cookie must come from our own pages.

A request with an agency's key carries no ambient authority and is exempt.
"""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from server.http.identity import bearer_key
from server.kernel.errors import N_, DomainError, Kind

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossOrigin(DomainError):
    """The request was made by another site's page."""

    kind = Kind.FORBIDDEN
    code = "cross-origin"
    title = N_("请求来自其他网站")
    advice = N_("请在联辩的页面里重新操作。")


def is_same_origin(request: web.Request) -> bool:
    """Tell whether our own page made the request: `Sec-Fetch-Site`, else an exact `Origin` (Fetch §3.2)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc == request.host


def is_websocket(request: web.Request) -> bool:
    """Tell whether the request asks to become a websocket (RFC 6455 §4.1)."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse unsafe methods and websockets from elsewhere."""
    guarded = request.method not in _SAFE or is_websocket(request)
    if guarded and bearer_key(request) is None and not is_same_origin(request):
        raise CrossOrigin
    return await handler(request)
