"""Composition of the web process: one application, the sum of its parts."""

from aiohttp import web

from server.alerts.messages import WEBHOOK
from server.http.address import locate
from server.http.api_handlers import ApiHandlers
from server.http.assets import AssetHandlers
from server.http.headers import add_security_headers
from server.http.health import HealthHandlers
from server.http.identity import OVER_HTTPS, identify
from server.http.live import LiveHandlers
from server.http.metrics import Metrics
from server.http.origin import same_origin
from server.http.pace import Pacer
from server.http.problems import report_problems
from server.http.routing import add_routes
from server.http.source import SourceHandlers
from server.http.tracing import add_trace_id, trace
from server.kernel.clock import Clock, SystemClock
from server.kernel.objects import ObjectStore
from server.parts.casework import casefiles_part, cases_part, retention_part
from server.parts.meetings import meetings_part
from server.parts.part import Part, WebGround
from server.parts.people import people_part
from server.parts.watching import alerts_part, audit_part
from server.rooms.ports import MediaPlane
from server.settings import Settings
from storage.database import Database

DATABASE = web.AppKey("database", Database)
METRICS = web.AppKey("metrics", Metrics)
OBJECTS: web.AppKey[ObjectStore] = web.AppKey("objects")
MAX_BODY_BYTES = 2 * 1024 * 1024


def compose(
    settings: Settings, *, clock: Clock | None = None, plane: MediaPlane | None = None
) -> web.Application:
    """Return the web application over a migrated database; nothing is opened before it starts.

    Without a `plane` it commands the media process of `settings`.
    """
    ground = WebGround(settings, clock or SystemClock())
    parts = (
        audit_part(ground),
        alerts_part(ground),
        people_part(ground),
        cases_part(ground),
        casefiles_part(ground),
        retention_part(ground),
        meetings_part(ground, plane),
    )
    watchers = {kind: watcher for part in parts for kind, watcher in part.watchers.items()}
    probes = (*ground.probes, *(probe for part in parts for probe in part.probes))
    metrics = Metrics({name: gauge for part in parts for name, gauge in part.gauges.items()})
    live = LiveHandlers(bus=ground.bus, sessions=ground.sessions, watchers=watchers)
    health = HealthHandlers(probes=probes, pages=ground.pages)
    reference = ApiHandlers(webhooks=(WEBHOOK,), pages=ground.pages, catalogue=ground.catalogue)
    common = Part(handlers=(live, health, reference, AssetHandlers(), SourceHandlers()))
    app = web.Application(
        middlewares=[
            trace,
            locate(settings.proxies),
            metrics.count(),
            report_problems(ground.pages, ground.catalogue),
            identify(ground.sessions),
            same_origin,
        ],
        client_max_size=MAX_BODY_BYTES,
    )
    app[DATABASE] = ground.database
    app[OVER_HTTPS] = settings.secure_cookies
    app[METRICS] = metrics
    app[OBJECTS] = ground.objects
    app.on_response_prepare.extend((add_security_headers, add_trace_id))
    app.cleanup_ctx.extend(ground.runs)
    for part in parts:
        app.cleanup_ctx.extend(part.runs)
        app.on_shutdown.extend(part.on_shutdown)
    every = (handlers for part in (*parts, common) for handlers in part.handlers)
    pacer = Pacer(ground.counts, ground.clock, settings.pace)
    add_routes(app, (route for handlers in every for route in handlers.routes()), pacer)
    return app
