"""The part of meetings: bookings, the desk, the kiosks, the rooms."""

from collections.abc import AsyncIterator

from aiohttp import web

from server.parts.part import Part, WebGround
from server.probes import media_probe
from server.rooms.desk import DeskHandlers
from server.rooms.handlers import MeetingHandlers
from server.rooms.hub import Hub
from server.rooms.kiosk import KioskHandlers
from server.rooms.media.client import MediaClient
from server.rooms.ports import MediaPlane
from server.rooms.socket import RoomSockets
from server.rooms.turn import TurnServer
from server.scheduling.handlers import BookingHandlers


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
