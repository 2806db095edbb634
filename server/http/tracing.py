"""A trace id for each request: in every log line made under it, in its answer, and on the error page.

A proxy's id is taken over where it sends one (W3C Trace Context §3.2). The line that tells of an answered
request names the route's pattern and never the path, the query or an address, so that no log tells whose
case was read by whom: that stands in the audit log alone.
"""

import re
import secrets
import time
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

log = structlog.get_logger()

TRACE_HEADER = "Trace-Id"
_TRACE = web.RequestKey("trace", str)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_UNKNOWN_ROUTE = "-"


def trace_of(request: web.Request) -> str:
    """Return the request's trace id: 32 hexadecimal digits."""
    if _TRACE not in request:
        request[_TRACE] = _taken_over(request) or secrets.token_hex(16)
    found: str = request[_TRACE]
    return found


def route_of(request: web.Request) -> str:
    """Return the pattern of the route that serves the request; what matches none is not repeated."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else _UNKNOWN_ROUTE


@web.middleware
async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bind the trace id to the log, and tell how the request was answered and how long it took."""
    with structlog.contextvars.bound_contextvars(trace=trace_of(request)):
        started = time.perf_counter()
        response = await handler(request)
        took_ms = (time.perf_counter() - started) * 1000
        tell = log.warning if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else log.debug
        tell(
            "answered",
            method=request.method,
            route=route_of(request),
            status=response.status,
            ms=round(took_ms, 1),
        )
        return response


async def add_trace_id(request: web.Request, response: web.StreamResponse) -> None:
    """Name the trace in the answer."""
    response.headers[TRACE_HEADER] = trace_of(request)


def _taken_over(request: web.Request) -> str | None:
    """Return the trace id that a proxy gave; a version beyond 00 is read as far as 00 goes (§4.3)."""
    found = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    return found[1] if found and not found[0].startswith("ff") else None
