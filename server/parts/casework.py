"""The parts of casework: cases and who is suggested for them, how they are kept, and their files."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

from server.casefiles.handlers import DossierHandlers, DossierPanel
from server.casefiles.ingest import LOOK_AGAIN_S
from server.casefiles.pages import PagePictures
from server.casefiles.service import may_watch_dossier
from server.casefiles.upkeep import EVERY_S as SWEEP_EVERY_S
from server.casefiles.upkeep import Upkeep
from server.casefiles.upload_handlers import UploadHandlers
from server.casefiles.uploads import FINISH_EVERY_S, Uploads
from server.cases.api import CaseApi
from server.cases.calendar_handlers import CalendarHandlers
from server.cases.handlers import CaseHandlers, Panels
from server.cases.log_handlers import CaseLogHandlers
from server.cases.notice_handlers import NoticeHandlers
from server.cases.progress_handlers import ProgressHandlers
from server.cooperation.handlers import CooperationHandlers
from server.kernel.identity import Identity
from server.kernel.ids import DossierId
from server.kernel.rounds import in_rounds
from server.parts.part import Part, WebGround
from server.pdf.renderer import Renderer
from server.probes import calendar_probe, queue_probe
from server.retention.case_handlers import KeptCaseHandlers
from server.retention.erasing import EVERY_S as KEEP_EVERY_S
from server.retention.erasing import Keeper
from server.retention.period_handlers import PeriodHandlers
from server.rooms.panels import MeetingPanels
from server.rooms.service import withdraw_lawyer

if TYPE_CHECKING:
    from storage.database import SqlTransaction


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
