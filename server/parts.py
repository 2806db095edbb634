"""The features as parts of the web process: the only place that wires their ports to what implements them.

Each `Part`, made on the common `Ground`, says which handlers, topics, rounds and probes it brings.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from server.alerts.alert_handlers import AlertHandlers
from server.alerts.feed_handlers import FeedHandlers
from server.alerts.handling import AlertDesk
from server.alerts.model import Reminder
from server.alerts.own_ways import Webhooks
from server.alerts.reach import Reach
from server.audit.entry import LogKey
from server.audit.handlers import LogHandlers
from server.audit.heads import HeadKey
from server.audit.proofs import Prover
from server.audit.publishing import EVERY_S as PUBLISH_EVERY_S
from server.audit.publishing import HeadPublisher
from server.casefiles.handlers import DossierHandlers, DossierPanel
from server.casefiles.ingest import LOOK_AGAIN_S
from server.casefiles.pages import PagePictures
from server.casefiles.service import may_watch_dossier
from server.casefiles.upkeep import EVERY_S as SWEEP_EVERY_S
from server.casefiles.upkeep import Upkeep
from server.casefiles.upload_handlers import UploadHandlers
from server.casefiles.uploads import FINISH_EVERY_S, Uploads
from server.cases.alerting import describe
from server.cases.api import CaseApi
from server.cases.calendar_handlers import CalendarHandlers
from server.cases.handlers import CaseHandlers, Panels
from server.cases.log_handlers import CaseLogHandlers
from server.cases.notice_handlers import NoticeHandlers
from server.cases.progress_handlers import ProgressHandlers
from server.cases.reminding import deadline_reminders
from server.cooperation.handlers import CooperationHandlers
from server.ground import Ground, Run
from server.http.health import Probe
from server.http.i18n import PoCatalogue
from server.http.live import MayWatch
from server.http.metrics import Gauges
from server.http.pages import WEB, Pages
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.identity import Identity, Role
from server.kernel.ids import DossierId
from server.kernel.rounds import in_rounds
from server.pdf.renderer import Renderer
from server.people.admin_handlers import AdminHandlers
from server.people.agency_keys import AgencyKeys
from server.people.challenges import Challenges
from server.people.cookies import Cookies
from server.people.credential_handlers import CredentialHandlers
from server.people.database_sessions import DatabaseSessions
from server.people.directory import PeopleDirectory
from server.people.federation import Federation
from server.people.federation_handlers import FederationHandlers
from server.people.key_handlers import KeyHandlers
from server.people.own_codes import OwnCodes
from server.people.own_passkeys import OwnPasskeys
from server.people.pairing import TerminalDoor
from server.people.passkey_handlers import PasskeyHandlers
from server.people.passwords import Argon2Passwords
from server.people.policy import KEEPERS
from server.people.provider import Provider
from server.people.session_handlers import SessionHandlers
from server.people.sign_in_handlers import SignInHandlers
from server.people.signing_in import PasswordDoor
from server.people.site import Sites
from server.people.terminal_handlers import TerminalHandlers
from server.probes import (
    alerts_probe,
    calendar_probe,
    certificate_probe,
    database_probe,
    disk_probe,
    heads_probe,
    media_probe,
    objects_probe,
    queue_probe,
    redis_probe,
    role_probe,
)
from server.retention.case_handlers import KeptCaseHandlers
from server.retention.erasing import EVERY_S as KEEP_EVERY_S
from server.retention.erasing import Keeper
from server.retention.period_handlers import PeriodHandlers
from server.rooms.desk import DeskHandlers
from server.rooms.handlers import MeetingHandlers
from server.rooms.hub import Hub
from server.rooms.kiosk import KioskHandlers
from server.rooms.media.client import MediaClient
from server.rooms.panels import MeetingPanels
from server.rooms.ports import MediaPlane
from server.rooms.service import withdraw_lawyer
from server.rooms.socket import RoomSockets
from server.rooms.turn import TurnServer
from server.scheduling.handlers import BookingHandlers
from server.scheduling.reminding import meeting_reminders
from server.settings import Settings
from server.town_crier import TownCrier
from storage.head_files import HeadFiles
from storage.key_file import key_in

if TYPE_CHECKING:
    from storage.database import SqlTransaction

HOMES: Mapping[Role, str] = dict.fromkeys(Role, "/account") | {
    Role.LAWYER: "/cases",
    Role.LEGAL_AID_OFFICER: "/cases",
    Role.AGENCY_OFFICER: "/cases",
    Role.COORDINATOR: "/cooperation",
    Role.FACILITY_OFFICER: "/desk",
    Role.AUDITOR: "/audit",
    Role.SECURITY_ADMIN: "/accounts",
    Role.SYSTEM_ADMIN: "/organisations",
    Role.RECIPIENT: "/kiosk",
}
"""Where each role's work begins."""


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


def audit_part(ground: WebGround) -> Part:
    """Return the audit log: its pages, and the heads that are signed each minute."""
    settings = ground.settings
    log_key = LogKey(partial(key_in, settings.log_key))
    archive = HeadFiles(settings.heads)
    prover = Prover(
        units=ground.database,
        log_key=log_key,
        head_key=HeadKey(partial(key_in, settings.head_key)),
        archive=archive,
        clock=ground.clock,
    )
    publisher = HeadPublisher(prover=prover, archive=archive, clock=ground.clock)

    async def run(_app: web.Application) -> AsyncIterator[None]:
        ending = asyncio.Event()
        publishing = asyncio.create_task(in_rounds(publisher.publish, every_s=PUBLISH_EVERY_S, ending=ending))
        yield
        ending.set()
        await publishing

    handlers = LogHandlers(
        units=ground.database,
        directory=PeopleDirectory(ground.database),
        prover=prover,
        log_key=log_key,
        pages=ground.pages,
    )
    return Part(handlers=(handlers,), runs=(run,), probes=(heads_probe(publisher, settings, ground.clock),))


def alerts_part(ground: WebGround) -> Part:
    """Return alerts and calendar feeds; what raises alerts runs here where no worker does it."""
    database, clock = ground.database, ground.clock

    async def deadlines(identity: Identity) -> Sequence[Reminder]:
        async with database.reading() as tx:
            return await deadline_reminders(identity, tx, clock)

    async def meetings(identity: Identity) -> Sequence[Reminder]:
        async with database.reading() as tx:
            return await meeting_reminders(identity, tx)

    feeds = FeedHandlers(
        units=database,
        agendas=(deadlines, meetings),
        clock=clock,
        pages=ground.pages,
        catalogue=ground.catalogue,
        secure=ground.settings.secure_cookies,
    )
    crier = TownCrier(ground)
    desk: AlertDesk[SqlTransaction] = AlertDesk(database, describe, clock)
    alerts = AlertHandlers(
        units=database,
        desk=desk,
        webhooks=Webhooks(database, ground.sealer, clock, Reach(ground.settings.webhook_hosts)),
        pages=ground.pages,
        channels=crier.ways.channels,
    )

    async def run(_app: web.Application) -> AsyncIterator[None]:
        ending = asyncio.Event()
        running = asyncio.create_task(crier.run(ending))
        yield
        ending.set()
        await running

    return Part(
        handlers=(feeds, alerts),
        runs=(run,) if ground.runs_jobs else (),
        probes=(alerts_probe(database, clock),),
    )


def people_part(ground: WebGround) -> Part:
    """Return people: how they come in and prove themselves, terminals, and who keeps accounts."""
    settings, database, clock, pages = ground.settings, ground.database, ground.clock, ground.pages
    passwords = Argon2Passwords()
    sealer = ground.sealer
    cookies = Cookies(settings.secure_cookies)
    sites = Sites(domain=settings.domain, secure=settings.secure_cookies)
    by_passkey = KEEPERS if settings.secure_cookies and settings.domain else frozenset[Role]()
    door = PasswordDoor(database, passwords, sealer, clock, by_passkey)
    provider = _provider(settings)
    federation = Federation(database, provider, sealer, clock) if provider else None
    coming = SignInHandlers(
        units=database,
        door=door,
        clock=clock,
        pages=pages,
        homes=HOMES,
        demo=settings.demo,
        cookies=cookies,
        sites=sites,
    )
    codes = OwnCodes(database, sealer, clock, by_passkey)
    challenges = Challenges(sealer)
    passkeys = OwnPasskeys(database, challenges, clock, by_passkey)
    terminals = TerminalDoor(database, challenges, clock)
    return Part(
        handlers=(
            coming,
            TerminalHandlers(units=database, door=terminals, clock=clock, pages=pages, cookies=cookies),
            CredentialHandlers(codes=codes, door=door, pages=pages, cookies=cookies),
            SessionHandlers(units=database, clock=clock, pages=pages),
            KeyHandlers(units=database, keys=AgencyKeys(database, clock), clock=clock, pages=pages),
            PasskeyHandlers(passkeys=passkeys, door=door, cookies=cookies, sites=sites),
            *(
                (FederationHandlers(federation=federation, pages=pages, cookies=cookies, sites=sites),)
                if federation
                else ()
            ),
            AdminHandlers(
                units=database,
                passwords=passwords,
                door=door,
                clock=clock,
                pages=pages,
                sites=sites,
                cookies=cookies,
            ),
        )
    )


def _provider(settings: Settings) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        strengths=tuple(settings.oidc_acr.split()),
    )


def cases_part(ground: WebGround) -> Part:
    """Return cases, their notices and deadlines, and who is suggested for them."""
    database, clock, pages = ground.database, ground.clock, ground.pages
    meetings = MeetingPanels(units=database, clock=clock)
    panels = Panels(
        dossiers=DossierPanel(units=database).of_case, meetings=meetings.of_case, agenda=meetings.agenda
    )
    cases = CaseHandlers(units=database, clock=clock, pages=pages, panels=panels, ended=withdraw_lawyer)
    api = CaseApi(units=database, clock=clock)
    cooperation = CooperationHandlers(units=database, clock=clock, pages=pages)
    notices = NoticeHandlers(units=database, clock=clock, pages=pages)
    log = CaseLogHandlers(units=database, pages=pages)
    days = CalendarHandlers(units=database, clock=clock, pages=pages)
    progress = ProgressHandlers(units=database, clock=clock, pages=pages)
    return Part(
        handlers=(api, cases, log, progress, days, notices, cooperation),
        watchers={"case": cases.may_watch},
        probes=(calendar_probe(database, clock),),
    )


def retention_part(ground: WebGround) -> Part:
    """Return how cases end and are kept, and what ends them when their time has come."""
    database, clock, pages = ground.database, ground.clock, ground.pages
    keeper: Keeper[SqlTransaction] = Keeper(
        units=database, turns=database, objects=ground.objects, clock=clock
    )

    async def run(_app: web.Application) -> AsyncIterator[None]:
        ending = asyncio.Event()
        keeping = asyncio.create_task(in_rounds(keeper.keep, every_s=KEEP_EVERY_S, ending=ending))
        yield
        ending.set()
        await keeping

    return Part(
        handlers=(
            KeptCaseHandlers(units=database, clock=clock, pages=pages, freed=withdraw_lawyer),
            PeriodHandlers(units=database, clock=clock, pages=pages),
        ),
        runs=(run,),
    )


def casefiles_part(ground: WebGround) -> Part:
    """Return dossiers: uploads, what splits them, and the reader."""
    database, clock = ground.database, ground.clock
    objects, renderer = ground.objects, Renderer()
    uploads = Uploads(units=database, turns=database, objects=objects, clock=clock)
    upkeep = Upkeep(units=database, objects=objects, uploads=uploads, clock=clock)
    ingest = ground.ingest(renderer)
    dossiers = DossierHandlers(
        units=database,
        pictures=PagePictures(objects=objects, renderer=renderer),
        clock=clock,
        pages=ground.pages,
        catalogue=ground.catalogue,
    )

    async def may_watch(identity: Identity, dossier_id: str) -> bool:
        async with database.reading() as tx:
            return await may_watch_dossier(identity, DossierId(dossier_id), tx)

    async def run(_app: web.Application) -> AsyncIterator[None]:
        """Go on with what was left unfinished, beside the requests; end the render processes at the end."""
        ending = asyncio.Event()
        rounds = [
            in_rounds(uploads.finish_all, every_s=FINISH_EVERY_S, ending=ending),
            in_rounds(upkeep.sweep, every_s=SWEEP_EVERY_S, ending=ending),
        ]
        if ground.runs_jobs:
            rounds.append(in_rounds(ingest.resume, every_s=LOOK_AGAIN_S, ending=ending))
        beside = [asyncio.create_task(each) for each in rounds]
        yield
        ending.set()
        await uploads.stop()
        await ingest.stop()
        await asyncio.gather(*beside)  # never cancelled: that could cut a query short
        await renderer.close()

    uploading = UploadHandlers(uploads=uploads, upkeep=upkeep, catalogue=ground.catalogue)
    return Part(
        handlers=(dossiers, uploading),
        watchers={"dossier": may_watch},
        runs=(run,),
        probes=(queue_probe(database, clock),),
    )


def meetings_part(ground: WebGround, plane: MediaPlane | None) -> Part:
    """Return meetings, their bookings, the desk and the kiosks; without `plane` on the media process."""
    database, clock, pages = ground.database, ground.clock, ground.pages
    media = MediaClient(ground.settings.media_socket)

    async def connected(_app: web.Application) -> AsyncIterator[None]:
        async with media:
            yield

    settings = ground.settings
    turn = TurnServer(settings.turn_urls, settings.turn_secret) if settings.turn_urls else None
    hub = Hub(units=database, plane=plane or media, clock=clock, turn=turn)
    meetings = MeetingHandlers(units=database, clock=clock, pages=pages, hub=hub)
    sockets = RoomSockets(
        hub=hub,
        units=database,
        bus=ground.bus,
        clock=clock,
        sessions=ground.sessions,
        catalogue=ground.catalogue,
    )
    return Part(
        handlers=(
            BookingHandlers(units=database, clock=clock, pages=pages),
            meetings,
            DeskHandlers(units=database, clock=clock, pages=pages),
            KioskHandlers(units=database, clock=clock, pages=pages, hub=hub),
            sockets,
        ),
        watchers={"meeting": meetings.may_watch},
        probes=(media_probe(media),) if plane is None else (),
        gauges={"meetings_live": ("Meetings that somebody is in", hub.count)},
        runs=(hub.run,) if plane is not None else (connected, hub.run),
        on_shutdown=(hub.hang_up,),
    )
