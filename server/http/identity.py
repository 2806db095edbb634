"""Who asks: the session cookie or an agency's key, turned into an `Identity` for each request."""

from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.kernel.circumstances import ORIGIN
from server.kernel.errors import NotSignedIn
from server.kernel.identity import ANONYMOUS, Identity
from server.kernel.ids import SessionId

SESSION_COOKIE = "lianbian_session"
"""Over HTTPS with the prefix `__Host-`: no other host nor plain page can set it (RFC 6265bis §4.1.3)."""
OVER_HTTPS = web.AppKey("over_https", bool)
"""Whether the platform is reached by HTTPS."""
_IDENTITY = web.RequestKey("identity", Identity)


class SessionStore(Protocol):
    """Finds who stands behind a credential."""

    async def still(self, session_id: SessionId) -> Identity | None:
        """Return whose session this is, or None if it has expired or was ended; asked by what stays open."""
        ...

    async def use(self, token: str) -> Identity | None:
        """Return to a request whose session `token` opens, and keep the session from ending as idle.

        None if it is unknown, expired or ended.
        """
        ...

    async def by_key(self, key: str, origin: str) -> Identity | None:
        """Return the agency whose system holds `key`; None for another, or one not good from `origin` now."""
        ...


def identity_of(request: web.Request) -> Identity:
    """Return who makes this request; `ANONYMOUS` if nobody is signed in."""
    found: Identity = request.get(_IDENTITY, ANONYMOUS)
    return found


def cookie_name(name: str, *, over_https: bool) -> str:
    """Return what a cookie of ours is called in the browser."""
    return f"__Host-{name}" if over_https else name


def session_token(request: web.Request) -> str | None:
    """Return the session token that the browser sent."""
    return request.cookies.get(cookie_name(SESSION_COOKIE, over_https=request.app.get(OVER_HTTPS, False)))


def own_token(request: web.Request) -> str:
    """Return the same of somebody signed in; raises `NotSignedIn` for anybody else."""
    token = session_token(request)
    if token is None:
        raise NotSignedIn
    return token


def bearer_key(request: web.Request) -> str | None:
    """Return the key of an `Authorization: Bearer` header (RFC 6750 §2.1)."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def identify(sessions: SessionStore) -> Middleware:
    """Make the middleware that puts the identity into each request."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        key, token = bearer_key(request), session_token(request)
        found = None
        if key is not None:
            found = await sessions.by_key(key, ORIGIN.get())
        elif token is not None:
            found = await sessions.use(token)
        request[_IDENTITY] = found or ANONYMOUS
        return await handler(request)

    return middleware
