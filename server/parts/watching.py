"""The parts that watch: the audit log, and alerts with calendar feeds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

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
from server.cases.alerting import describe
from server.cases.reminding import deadline_reminders
from server.kernel.identity import Identity
from server.kernel.rounds import in_rounds
from server.parts.part import Part, WebGround
from server.people.directory import PeopleDirectory
from server.probes import alerts_probe, heads_probe
from server.scheduling.reminding import meeting_reminders
from server.town_crier import TownCrier
from storage.head_files import HeadFiles
from storage.key_file import key_in

if TYPE_CHECKING:
    from storage.database import SqlTransaction


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
