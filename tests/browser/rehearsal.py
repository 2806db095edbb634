"""A meeting to rehearse: the real session, forwarder and islands, without accounts, bookings and storage.

Who somebody is stands in a cookie, so that a test signs nobody in; everything about media and keys is the
product's own. What goes to a client can be changed on its way, as a dishonest server would.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import assert_never

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from server.http.assets import AssetHandlers
from server.http.headers import add_security_headers
from server.http.i18n import PoCatalogue
from server.http.pages import WEB, Assets, Pages
from server.kernel.clock import SystemClock
from server.rooms import model
from server.rooms.events import (
    Become,
    CutMedia,
    Dropped,
    Effect,
    Forwarding,
    Hang,
    Joined,
    Note,
    Refuse,
    Said,
    SessionEvent,
    StartPublishing,
    StartReceiving,
    StopReceiving,
    Tell,
    Ticked,
)
from server.rooms.media.forwarder import Forwarder
from server.rooms.media.rtp import MediaKind
from server.rooms.media.sdp import parse_offer
from server.rooms.model import GuardViewing, Participant
from server.rooms.protocol import CLIENT_MESSAGE, CloseCode, Hello, Message
from server.rooms.session import Session
from server.rooms.turn import TurnServer
from tests.unit.rooms.meetings import EVERYONE, MEETING

MEDIA: tuple[model.MediaKind, ...] = ("audio", "video")
WHO = "who"
"""The cookie that names a participant."""
WATCH_PAGE = """<!doctype html><html lang="zh-CN"><title>watch</title>
<script type="module" src="{mount}"></script>
<figure data-island="watch" data-meeting="{meeting}"><div class="watch-v"></div></figure></html>"""

Tamper = Callable[[Message, Participant], Message]


def honest(message: Message, _receiver: Participant) -> Message:
    """What a server should do with a message: nothing."""
    return message


class Rehearsal:
    """One meeting of everybody in `tests.unit.rooms.meetings`, and its forwarder."""

    def __init__(self, turn: TurnServer | None = None) -> None:
        """Begin with an empty room, ten minutes into the meeting's hour."""
        now = datetime.now(UTC)
        starts_at = now - timedelta(minutes=10)
        self.meeting = replace(MEETING, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
        self.session = Session(
            self.meeting, expected=EVERYONE, guard_viewing=GuardViewing.SILENT_VIDEO, turn=turn
        )
        self.tamper: Tamper = honest
        self._sockets: dict[int, tuple[web.WebSocketResponse, Participant]] = {}
        self._numbers = count(1)
        self._turn = asyncio.Lock()
        self._pages = Pages(catalogue=PoCatalogue(WEB / "locale" / "en.po"), clock=SystemClock(), demo=False)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        self._forwarder = Forwarder(udp, addresses=("127.0.0.1",), notify=lambda _notice: None)

    def app(self) -> web.Application:
        """The application that serves the meeting."""
        app = web.Application()
        app.on_response_prepare.append(add_security_headers)
        app.cleanup_ctx.append(self._run)
        app.on_shutdown.append(self._close_sockets)
        app.router.add_get("/static/{path:.+}", AssetHandlers().file)
        app.router.add_get("/room", self._room)
        app.router.add_get("/kiosk", self._kiosk)
        app.router.add_get("/watch", self._watch)
        app.router.add_get("/meetings/{meeting}/socket", self._socket)
        app.router.add_get("/meetings/{meeting}/watch", self._socket)
        return app

    def hang_up(self, participant: Participant) -> None:
        """Cut somebody's websocket, as a bad network does."""
        for ws, owner in self._sockets.values():
            transport = ws._req.transport if ws._req else None  # noqa: SLF001 - aiohttp has no way to be rude
            if owner == participant and transport is not None:
                transport.abort()

    async def _run(self, _app: web.Application) -> AsyncIterator[None]:
        self._forwarder.open()
        ticking = asyncio.create_task(self._tick())
        yield
        ticking.cancel()
        await self._forwarder.close()

    async def _close_sockets(self, _app: web.Application) -> None:
        for ws, _ in tuple(self._sockets.values()):
            await ws.close(code=CloseCode.ENDED)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self._happen(Ticked())

    async def _room(self, request: web.Request) -> web.Response:
        return self._pages.render(request, "rooms/room.html", meeting=self._shown(), leave="/room")

    async def _kiosk(self, request: web.Request) -> web.Response:
        return self._pages.render(
            request,
            "rooms/kiosk.html",
            meeting=self._shown(),
            state="waiting",
            facility="平舆县看守所",
            terminal="1 号",
            problem=None,
            enter="/kiosk",
            agree="/kiosk",
            clear="/kiosk",
            help=None,
        )

    async def _watch(self, _request: web.Request) -> web.Response:
        mount = Assets(WEB / "dist").url("src/mount.ts")
        text = WATCH_PAGE.format(mount=mount, meeting=self.meeting.id)
        return web.Response(text=text, content_type="text/html")

    def _shown(self) -> dict[str, object]:
        meeting = self.meeting
        return {
            "id": meeting.id,
            "recipient": meeting.recipient_name,
            "facility": "平舆县看守所",
            "terminal": "1 号终端",
            "lawyers": "周某",
            "starts_at": meeting.starts_at,
            "ends_at": meeting.ends_at,
            "watched": True,
        }

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        participant = next(each for each in EVERYONE if each.id == request.cookies[WHO])
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        number = next(self._numbers)
        self._sockets[number] = (ws, participant)
        async for frame in ws:
            if frame.type is not WSMsgType.TEXT:
                break
            await self._happen(_event(frame.data, participant, number))
        del self._sockets[number]
        await self._happen(Dropped(participant_id=participant.id, connection=number))
        return ws

    async def _happen(self, event: SessionEvent) -> None:
        async with self._turn:
            for effect in self.session.handle(event, datetime.now(UTC)):
                await self._do(effect)

    async def _do(self, effect: Effect) -> None:  # noqa: C901 - one case an effect
        room = self.meeting.id
        match effect:
            case Tell(connection=connection, message=message):
                await self._tell(connection, message)
            case Refuse(connection=connection, re=re, error=error):
                told = {"type": "error", "re": re, "code": error.code, "title": error.title}
                await self._send(connection, {**told, "advice": error.advice})
            case Hang(connection=connection, code=code):
                if connection in self._sockets:
                    await self._sockets[connection][0].close(code=code)
            case StartPublishing(participant_id=publisher, connection=connection, re=re, sdp=offer):
                answer = self._forwarder.publish(room=room, publisher=publisher, offer=offer)
                await self._send(connection, {"type": "published", "re": re, "sdp": answer})
                media = frozenset(medium for medium in MEDIA if MediaKind(medium) in parse_offer(offer).kinds)
                for later in self.session.handle(
                    Forwarding(participant_id=publisher, media=media), datetime.now(UTC)
                ):
                    await self._do(later)
            case StartReceiving():
                answer = self._forwarder.subscribe(
                    room=room,
                    subscriber=effect.participant_id,
                    publisher=effect.publisher,
                    offer=effect.sdp,
                    media=frozenset(map(MediaKind, effect.media)),
                )
                told = {"type": "subscribed", "re": effect.re, "publisher": effect.publisher}
                await self._send(effect.connection, {**told, "sdp": answer})
            case StopReceiving(subscriber=subscriber, publisher=publisher):
                self._forwarder.unsubscribe(room=room, subscriber=subscriber, publisher=publisher)
            case CutMedia(participant_id=participant):
                self._forwarder.remove(room=room, participant=participant)
            case Note() | Become():
                pass
            case _:
                assert_never(effect)

    async def _tell(self, connection: int, message: Message) -> None:
        if connection in self._sockets:
            told = self.tamper(message, self._sockets[connection][1])
            await self._send(connection, told.model_dump(mode="json"))

    async def _send(self, connection: int, message: dict[str, object]) -> None:
        if connection in self._sockets and not self._sockets[connection][0].closed:
            await self._sockets[connection][0].send_json(message)


def _event(data: str, participant: Participant, number: int) -> SessionEvent:
    message = CLIENT_MESSAGE.validate_json(data)
    if isinstance(message, Hello):
        return Joined(participant=participant, connection=number, hello=message.id, instance=message.instance)
    return Said(participant_id=participant.id, connection=number, message=message)


@asynccontextmanager
async def rehearsing(turn: TurnServer | None = None) -> AsyncIterator[tuple[Rehearsal, TestServer]]:
    """Gives a meeting and the server that serves it."""
    rehearsal = Rehearsal(turn)
    server = TestServer(rehearsal.app())
    async with server:
        yield rehearsal, server
