"""Figures for Prometheus: requests by route, and whatever gauges the parts of the application add.

They are served on a port of their own (`LIANBIAN_METRICS_PORT`), never beside the pages: how busy a facility
is, is nobody's business outside. Labels are routes, methods and status classes, so no record is named.
"""

import time
from collections.abc import Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.http.tracing import route_of

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Gauges = Mapping[str, tuple[str, Callable[[], float]]]
"""Name behind `lianbian_` → what it counts, and how it is read."""


class Metrics:
    """One application's figures."""

    def __init__(self, gauges: Gauges) -> None:
        """Begin at nought."""
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "lianbian_http_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._took = Histogram(
            "lianbian_http_request_duration_seconds",
            "Time until a request was answered; websockets count until they close",
            ("route",),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        for name, (meaning, read) in gauges.items():
            Gauge(f"lianbian_{name}", meaning, registry=self.registry).set_function(read)

    def count(self) -> Middleware:
        """Make the middleware that counts."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            started = time.perf_counter()
            response = await handler(request)
            route = route_of(request)
            self._answers.labels(request.method, route, f"{response.status // 100}xx").inc()
            self._took.labels(route).observe(time.perf_counter() - started)
            return response

        return middleware

    def application(self) -> web.Application:
        """Return the small application that serves the figures."""

        async def scrape(_request: web.Request) -> web.Response:
            return web.Response(
                body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
            )

        application = web.Application()
        application.router.add_get("/metrics", scrape)
        return application
