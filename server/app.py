"""Composition of the web process: the only place that wires ports to what implements them."""

from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from server.cases.api import CaseApi
from server.http.assets import AssetHandlers
from server.http.headers import add_security_headers
from server.http.i18n import PoCatalogue
from server.http.identity import identify
from server.http.live import LiveHandlers
from server.http.origin import same_origin
from server.http.pages import WEB, Pages
from server.http.problems import report_problems
from server.http.routing import add_routes
from server.http.source import SourceHandlers
from server.kernel.clock import Clock, SystemClock
from server.kernel.identity import Role
from server.people.admin_handlers import AdminHandlers
from server.people.handlers import DatabaseSessions, PeopleHandlers
from server.people.passwords import Argon2Passwords
from server.settings import Settings
from storage.bus import LocalBus
from storage.database import Database
from storage.queue import LocalQueue

DATABASE = web.AppKey("database", Database)
MAX_BODY_BYTES = 2 * 1024 * 1024

HOMES: Mapping[Role, str] = dict.fromkeys(Role, "/account") | {
    Role.LAWYER: "/cases",
    Role.LEGAL_AID_OFFICER: "/cases",
    Role.AGENCY_OFFICER: "/cases",
    Role.COORDINATOR: "/cooperation",
    Role.FACILITY_OFFICER: "/desk",
    Role.SECURITY_ADMIN: "/accounts",
    Role.SYSTEM_ADMIN: "/organisations",
    Role.RECIPIENT: "/kiosk",
}
"""Where each role's work begins."""


def compose(settings: Settings, *, clock: Clock | None = None) -> web.Application:
    """Return the web application over a migrated database; nothing is opened before it starts."""
    clock = clock or SystemClock()
    bus = LocalBus()
    queue = LocalQueue({})
    database = Database(settings.database_url, bus=bus, clock=clock, enqueue=queue.enqueue)
    catalogue = PoCatalogue(WEB / "locale" / "en.po")
    pages = Pages(catalogue=catalogue, clock=clock, demo=settings.demo)
    sessions = DatabaseSessions(database, clock)
    passwords = Argon2Passwords()
    administration = AdminHandlers(units=database, passwords=passwords, pages=pages)
    people = PeopleHandlers(
        units=database,
        passwords=passwords,
        clock=clock,
        pages=pages,
        homes=HOMES,
        demo=settings.demo,
        secure_cookies=settings.secure_cookies,
    )
    case_api = CaseApi(units=database, clock=clock)
    live = LiveHandlers(bus=bus, sessions=sessions, watchers={})
    app = web.Application(
        middlewares=[report_problems(pages, catalogue), identify(sessions), same_origin],
        client_max_size=MAX_BODY_BYTES,
    )
    app[DATABASE] = database
    app.on_response_prepare.append(add_security_headers)
    app.cleanup_ctx.append(queue.run)
    app.cleanup_ctx.append(_close_database)
    handlers = (people, administration, case_api, live, AssetHandlers(), SourceHandlers())
    add_routes(app, (route for each in handlers for route in each.routes()))
    return app


async def _close_database(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[DATABASE].close()
