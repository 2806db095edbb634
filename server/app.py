"""Composition of the web process: the only place that wires ports to what implements them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from server.casefiles.handlers import DossierHandlers, DossierPanel
from server.casefiles.ingest import Ingest
from server.casefiles.pages import PagePictures
from server.casefiles.service import may_watch_dossier
from server.casefiles.upload_handlers import UploadHandlers
from server.casefiles.uploads import SPLIT_DOSSIER, Uploads
from server.cases.api import CaseApi
from server.cases.handlers import CaseHandlers, Panels
from server.cases.notice_handlers import NoticeHandlers
from server.cooperation.handlers import CooperationHandlers
from server.http.assets import AssetHandlers
from server.http.headers import add_security_headers
from server.http.i18n import Catalogue, PoCatalogue
from server.http.identity import SessionStore, identify
from server.http.live import LiveHandlers, MayWatch
from server.http.origin import same_origin
from server.http.pages import WEB, Pages
from server.http.problems import report_problems
from server.http.routing import Route, add_routes
from server.http.source import SourceHandlers
from server.kernel.clock import Clock, SystemClock
from server.kernel.events import Bus
from server.kernel.identity import Identity, Role
from server.kernel.ids import DossierId
from server.pdf.renderer import Renderer
from server.people.admin_handlers import AdminHandlers
from server.people.handlers import DatabaseSessions, PeopleHandlers
from server.people.passwords import Argon2Passwords
from server.rooms.desk import DeskHandlers
from server.rooms.handlers import MeetingHandlers
from server.rooms.hub import Hub
from server.rooms.kiosk import KioskHandlers
from server.rooms.media.client import MediaClient
from server.rooms.panels import MeetingPanels
from server.rooms.ports import MediaPlane
from server.rooms.socket import RoomSockets
from server.scheduling.handlers import BookingHandlers
from server.settings import Settings
from storage.bus import LocalBus
from storage.database import Database
from storage.objects import LocalObjects
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


def compose(
    settings: Settings, *, clock: Clock | None = None, plane: MediaPlane | None = None
) -> web.Application:
    """Return the web application over a migrated database; nothing is opened before it starts.

    Without a `plane` it commands the media process of `settings`.
    """
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
    notices = NoticeHandlers(units=database, clock=clock, pages=pages)
    cooperation = CooperationHandlers(units=database, clock=clock, pages=pages)
    meeting_panels = MeetingPanels(units=database, clock=clock)
    panels = Panels(
        dossiers=DossierPanel(units=database).of_case,
        meetings=meeting_panels.of_case,
        agenda=meeting_panels.agenda,
    )
    cases = CaseHandlers(units=database, clock=clock, pages=pages, panels=panels)
    casefiles = _compose_casefiles(
        settings, database, bus, queue, pages=pages, catalogue=catalogue, clock=clock
    )
    media = MediaClient(settings.media_socket)
    meetings = _compose_meetings(
        database, bus, plane or media, pages=pages, catalogue=catalogue, clock=clock, sessions=sessions
    )
    watchers = {"case": cases.may_watch, "dossier": casefiles.may_watch, "meeting": meetings.may_watch}
    live = LiveHandlers(bus=bus, sessions=sessions, watchers=watchers)
    app = web.Application(
        middlewares=[report_problems(pages, catalogue), identify(sessions), same_origin],
        client_max_size=MAX_BODY_BYTES,
    )
    app[DATABASE] = database
    app.on_response_prepare.append(add_security_headers)
    app.cleanup_ctx.append(queue.run)
    app.cleanup_ctx.append(_close_database)
    app.cleanup_ctx.append(casefiles.run)
    if plane is None:
        app.cleanup_ctx.append(_connected(media))
    app.cleanup_ctx.append(meetings.run)
    app.on_shutdown.append(meetings.hang_up)
    pages_of_all = (people, administration, AssetHandlers(), SourceHandlers())
    handlers = (*pages_of_all, case_api, cases, notices, cooperation, casefiles, meetings, live)
    add_routes(app, (route for each in handlers for route in each.routes()))
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meetings:
    """Booking, desk, kiosk and rooms, composed."""

    handlers: tuple[BookingHandlers | MeetingHandlers | DeskHandlers | KioskHandlers | RoomSockets, ...]
    may_watch: MayWatch
    run: Callable[[web.Application], AsyncIterator[None]]
    hang_up: Callable[[web.Application], Awaitable[None]]

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return tuple(route for each in self.handlers for route in each.routes())


def _compose_meetings(  # noqa: PLR0913 - what meetings are made of
    database: Database,
    bus: Bus,
    plane: MediaPlane,
    *,
    pages: Pages,
    catalogue: Catalogue,
    clock: Clock,
    sessions: SessionStore,
) -> _Meetings:
    hub = Hub(units=database, plane=plane, clock=clock)
    meetings = MeetingHandlers(units=database, clock=clock, pages=pages, hub=hub)
    sockets = RoomSockets(
        hub=hub, units=database, bus=bus, clock=clock, sessions=sessions, catalogue=catalogue
    )
    return _Meetings(
        handlers=(
            BookingHandlers(units=database, clock=clock, pages=pages),
            meetings,
            DeskHandlers(units=database, clock=clock, pages=pages),
            KioskHandlers(units=database, clock=clock, pages=pages, hub=hub),
            sockets,
        ),
        may_watch=meetings.may_watch,
        run=hub.run,
        hang_up=hub.hang_up,
    )


def _connected(media: MediaClient) -> Callable[[web.Application], AsyncIterator[None]]:
    async def connected(_app: web.Application) -> AsyncIterator[None]:
        async with media:
            yield

    return connected


async def _close_database(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[DATABASE].close()


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """The parts of case files, joined."""

    units: Database
    uploads: Uploads
    ingest: Ingest
    pictures: PagePictures
    renderer: Renderer
    dossier_handlers: DossierHandlers
    upload_handlers: UploadHandlers

    def routes(self) -> tuple[Route, ...]:
        """Return every route of case files."""
        return (*self.dossier_handlers.routes(), *self.upload_handlers.routes())

    async def may_watch(self, identity: Identity, dossier_id: str) -> bool:
        """Tell whether `identity` may hear that something happened to the dossier."""
        async with self.units.reading() as tx:
            return await may_watch_dossier(identity, DossierId(dossier_id), tx)

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Go on with what was left unfinished, beside the requests; end the render processes at the end."""
        going_on = asyncio.create_task(self._go_on(), name="casefiles-go-on")
        yield
        going_on.cancel()
        with suppress(asyncio.CancelledError):
            await going_on
        await self.uploads.stop()
        await self.ingest.stop()
        await self.renderer.close()

    async def _go_on(self) -> None:
        await self.uploads.finish_all()
        await self.ingest.resume()


def _compose_casefiles(  # noqa: PLR0913 - what the web process is made of
    settings: Settings,
    database: Database,
    bus: Bus,
    queue: LocalQueue,
    *,
    pages: Pages,
    catalogue: Catalogue,
    clock: Clock,
) -> CaseFiles:
    objects = LocalObjects(settings.objects_dir)
    renderer = Renderer()
    uploads = Uploads(units=database, objects=objects, clock=clock)
    ingest = Ingest(units=database, objects=objects, renderer=renderer, bus=bus, clock=clock)
    queue.add(SPLIT_DOSSIER, ingest.split)
    pictures = PagePictures(objects=objects, renderer=renderer)
    return CaseFiles(
        units=database,
        uploads=uploads,
        ingest=ingest,
        pictures=pictures,
        renderer=renderer,
        dossier_handlers=DossierHandlers(
            units=database, pictures=pictures, clock=clock, pages=pages, catalogue=catalogue
        ),
        upload_handlers=UploadHandlers(uploads=uploads, catalogue=catalogue),
    )
