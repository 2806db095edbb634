"""What a part of the web process brings, and what all of them stand on."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from server.ground import Ground, Run
from server.http.health import Probe
from server.http.i18n import PoCatalogue
from server.http.live import MayWatch
from server.http.metrics import Gauges
from server.http.pages import WEB, Pages
from server.http.routing import Route
from server.kernel.clock import Clock
from server.people.database_sessions import DatabaseSessions
from server.probes import (
    certificate_probe,
    database_probe,
    disk_probe,
    objects_probe,
    redis_probe,
    role_probe,
)
from server.settings import Settings


class Handlers(Protocol):
    """A class of handlers."""

    def routes(self) -> tuple[Route, ...]:
        """Return its routes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A feature, ready to be added to the application."""

    handlers: tuple[Handlers, ...]
    watchers: Mapping[str, MayWatch] = field(default_factory=dict)
    """Who may hear of which kind of topic."""
    runs: tuple[Run, ...] = ()
    probes: tuple[Probe, ...] = ()
    """What the part depends on."""
    gauges: Gauges = field(default_factory=dict)
    on_shutdown: tuple[Callable[[web.Application], Awaitable[None]], ...] = ()
    """What is told that the application ends, while its sockets still are open."""


class WebGround(Ground):
    """What the web process stands on besides."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Make it; nothing is opened before the application starts."""
        super().__init__(settings, clock)
        self.catalogue = PoCatalogue(WEB / "locale" / "en.po")
        provider = settings.oidc_name or settings.oidc_issuer
        self.pages = Pages(catalogue=self.catalogue, clock=clock, demo=settings.demo, provider=provider)
        self.sessions = DatabaseSessions(self.database, clock)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What every part depends on."""
        certificate = self.settings.certificate
        return (
            database_probe(self.database),
            *((role_probe(self.database),) if self.settings.database_url else ()),
            disk_probe(self.settings.data_dir),
            *((objects_probe(self.ping_objects),) if self.ping_objects else ()),
            *((redis_probe(self.hears_nodes),) if self.hears_nodes else ()),
            *((certificate_probe(certificate, self.clock),) if certificate else ()),
        )
