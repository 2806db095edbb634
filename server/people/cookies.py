"""The cookies that a browser holds for its user: the session's token, and the mark of a known device."""

from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from server.http.base64 import to_bytes, to_text
from server.http.identity import OVER_HTTPS, SESSION_COOKIE, cookie_name

_DEVICE_COOKIE = "lianbian_device"
_DEVICE_LIFE = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Cookies:
    """Sets cookies, `Secure` where the platform is reached by HTTPS."""

    secure: bool

    def keep_session(self, response: web.Response, token: str, life: timedelta) -> web.Response:
        """Have the browser hold a session's token."""
        return self._set(response, SESSION_COOKIE, token, life)

    def mark_device(self, response: web.Response, mark: bytes) -> web.Response:
        """Have the browser hold what shows that somebody has signed in with it."""
        return self._set(response, _DEVICE_COOKIE, to_text(mark), _DEVICE_LIFE)

    def forget_session(self, response: web.Response) -> web.Response:
        """Have the browser forget a session's token."""
        response.del_cookie(cookie_name(SESSION_COOKIE, over_https=self.secure), secure=self.secure)
        return response

    def _set(self, response: web.Response, name: str, value: str, life: timedelta) -> web.Response:
        response.set_cookie(
            cookie_name(name, over_https=self.secure),
            value,
            max_age=int(life.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=self.secure,
        )
        return response


def device_mark(request: web.Request) -> bytes:
    """Return what `mark_device` left in the browser; nothing where it left nothing."""
    try:
        name = cookie_name(_DEVICE_COOKIE, over_https=request.app.get(OVER_HTTPS, False))
        return to_bytes(request.cookies.get(name))
    except ValueError:
        return b""
