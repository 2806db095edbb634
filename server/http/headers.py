"""Security headers of every answer: strict content policy, no framing, no sniffing, no caching by default."""

from aiohttp import web

from server.http.identity import OVER_HTTPS

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self' {sockets}; worker-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(self), microphone=(self), display-capture=(), fullscreen=(self), "
        "screen-wake-lock=(self), geolocation=(), usb=(), payment=()"
    ),
}


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers before the answer is sent; a handler's own `Cache-Control` stays.

    Safari up to 15.3 does not count websockets of the same host under `'self'`, so they are named.
    """
    host = request.host if request.host.isascii() and not set(request.host) & set(" ;,'\"") else ""
    sockets = f"ws://{host} wss://{host}" if host else ""
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(sockets=sockets)
    for name, value in _FIXED.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    if request.app.get(OVER_HTTPS, False):
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
