"""The meeting's websocket: who may open it, what may come in how fast, and when it must close.

Each message is heard only while its sender may still take part: the session and the relation are asked
again for every one. What is sent is judged by the session; besides, every change of access that the bus
tells of is looked at, so that a socket outlives a permission by less than a second. One who drops it keeps
place and media for a while, so for that while the right to them is looked at as before.
"""

import asyncio
from collections import deque
from contextlib import suppress

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError
from typing_extensions import override

from server.http.i18n import Catalogue, Locale, locale_of
from server.http.identity import SessionStore, identity_of
from server.http.routing import Route
from server.http.sockets import open_socket
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind, NotFound
from server.kernel.events import Bus, Subscription
from server.kernel.ids import MeetingId
from server.kernel.permissions import Action
from server.kernel.transaction import DatabaseUnavailable, Units
from server.rooms import protocol
from server.rooms.hub import Connection, Hub
from server.rooms.model import EndReason, GuardViewing, Meeting, MeetingStatus, Participant, ParticipantKind
from server.rooms.ports import RoomsTx
from server.rooms.protocol import CLIENT_MESSAGE, MAX_MESSAGE_BYTES, PROTOCOL_VERSION, CloseCode, Message
from server.rooms.service import find_meeting, take_place

log = structlog.get_logger()

HELLO_WITHIN_S = 10.0
MAX_MESSAGES = 100
"""How many messages a client may send within `MESSAGES_WITHIN_S`."""
MESSAGES_WITHIN_S = 5.0
UNJUDGED_S = 30.0
"""How long a client is heard although the database, which alone says who may, does not answer. While it is
away nobody can take a permission back; longer than this, a node might be the only one that can't reach it."""
LOOK_AGAIN_S = 0.5
"""How often it is asked whether one whose websocket dropped may keep the place."""
_BACKLOG = 500
"""Messages kept for a slow client; one that falls further behind is disconnected."""


class UnreadableMessage(DomainError):
    """The client sent something that is no message of the protocol."""

    code = "unreadable-message"
    title = N_("页面与系统的版本不一致")
    advice = N_("请刷新页面后重新进入。")


class OtherProtocol(DomainError):
    """The client speaks another version."""

    kind = Kind.UNSUPPORTED
    code = "other-protocol"
    title = N_("页面与系统的版本不一致")
    advice = N_("请刷新页面后重新进入。")


class SocketConnection(Connection):
    """Sends to one client in the order asked, without making the meeting wait for a slow line."""

    def __init__(self, socket: web.WebSocketResponse, *, catalogue: Catalogue, locale: Locale) -> None:
        """Begin with nothing to send."""
        self._socket = socket
        self._catalogue = catalogue
        self._locale = locale
        self._waiting: asyncio.Queue[Message | int] = asyncio.Queue()

    @override
    def send(self, message: Message) -> None:
        if self._waiting.qsize() < _BACKLOG:
            self._waiting.put_nowait(message)
        else:
            self._waiting.put_nowait(CloseCode.TOO_FAST)

    @override
    def refuse(self, re: int | None, error: DomainError) -> None:
        title = self._catalogue.gettext(self._locale, error.title)
        advice = self._catalogue.gettext(self._locale, error.advice).format_map(error.values)
        self.send(protocol.Refused(re=re, code=error.code, title=title, advice=advice))

    @override
    def hang_up(self, code: int) -> None:
        self._waiting.put_nowait(code)

    async def write(self) -> None:
        """Send what is asked until the close."""
        while True:
            match await self._waiting.get():
                case int() as code:
                    await self._socket.close(code=code)
                    return
                case message:
                    with suppress(ConnectionError):
                        await self._socket.send_str(message.model_dump_json())


class RoomSockets:
    """Serves the websockets of meetings."""

    def __init__(  # noqa: PLR0913 - the composition names each
        self,
        *,
        hub: Hub,
        units: Units[RoomsTx],
        bus: Bus,
        clock: Clock,
        sessions: SessionStore,
        catalogue: Catalogue,
    ) -> None:
        """Keep what the sockets need."""
        self._hub = hub
        self._units = units
        self._bus = bus
        self._clock = clock
        self._sessions = sessions
        self._catalogue = catalogue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes: taking part, and watching silently."""
        return (
            Route("GET", "/meetings/{meeting_id}/socket", self.take_part, Action.JOIN_MEETING),
            Route("GET", "/meetings/{meeting_id}/watch", self.watch, Action.WATCH_MEETING),
        )

    async def take_part(self, request: web.Request) -> web.WebSocketResponse:
        """Connect one who takes part."""
        return await self._serve(request, Action.JOIN_MEETING)

    async def watch(self, request: web.Request) -> web.WebSocketResponse:
        """Connect an officer who watches."""
        return await self._serve(request, Action.WATCH_MEETING)

    async def _serve(self, request: web.Request, action: Action) -> web.WebSocketResponse:
        identity, meeting_id = identity_of(request), MeetingId(request.match_info["meeting_id"])
        async with self._units.transaction() as tx:
            meeting, participant = await take_place(meeting_id, identity, action, tx, self._clock)
        topics = {f"meeting:{meeting.id}", f"case:{meeting.case_id}"}
        topics.add(f"access:{identity.account_id or identity.terminal_id}")
        async with self._bus.subscribe(frozenset(topics)) as subscription:
            socket = await open_socket(request, max_bytes=MAX_MESSAGE_BYTES)
            connection = SocketConnection(socket, catalogue=self._catalogue, locale=locale_of(request))
            visitor = _Visitor(
                self, request, action=action, meeting=meeting, participant=participant, connection=connection
            )
            writing = asyncio.create_task(connection.write())
            watching = asyncio.create_task(visitor.look_again(subscription))
            try:
                await visitor.converse(socket)
            except DatabaseUnavailable:
                connection.hang_up(WSCloseCode.TRY_AGAIN_LATER)
            finally:
                visitor.gone.set()
                connection.hang_up(CloseCode.ENDED)
                await asyncio.gather(watching, writing, return_exceptions=True)
        return socket

    async def still_may(self, request: web.Request, meeting_id: MeetingId, action: Action) -> Meeting:
        """Return the meeting if whoever opened the socket may still take part; raises as `find_meeting`."""
        session_id = identity_of(request).session_id
        identity = None if session_id is None else await self._sessions.still(session_id)
        if identity is None:
            raise NotFound
        async with self._units.reading() as tx:
            return await find_meeting(meeting_id, identity, action, tx)

    async def is_closed(self, meeting_id: MeetingId) -> bool:
        """Tell whether the meeting is closed."""
        async with self._units.reading() as tx:
            meeting = await tx.rooms.meeting(meeting_id)
        return meeting is None or meeting.status is MeetingStatus.CLOSED

    async def admit(
        self, meeting: Meeting, participant: Participant, hello: protocol.Hello, connection: SocketConnection
    ) -> int:
        """Bring the participant into the live meeting; return the connection's number."""
        async with self._units.reading() as tx:
            # What the handshake read is old by now: a live meeting may have come and gone.
            meeting = await tx.rooms.meeting(meeting.id) or meeting
            expected = await tx.rooms.participants_of(meeting.id)
            practice = await tx.slots.practice(meeting.facility_id)
        return self._hub.join(
            meeting,
            participant,
            hello,
            connection,
            expected=tuple(each for each in expected if each.kind is not ParticipantKind.OBSERVER),
            guard_viewing=GuardViewing.SILENT_VIDEO if practice.guard_viewing else GuardViewing.OFF,
        )

    @property
    def hub(self) -> Hub:
        """The live meetings."""
        return self._hub

    def monotonic_s(self) -> float:
        """Return seconds of a clock that never jumps."""
        return self._clock.monotonic_s()


class _Visitor:
    """One client on one connection."""

    def __init__(  # noqa: PLR0913 - what a visitor is made of
        self,
        sockets: RoomSockets,
        request: web.Request,
        *,
        action: Action,
        meeting: Meeting,
        participant: Participant,
        connection: SocketConnection,
    ) -> None:
        self._sockets = sockets
        self._request = request
        self._action = action
        self._meeting = meeting
        self._participant = participant
        self._connection = connection
        self.gone = asyncio.Event()
        """Set when the client is."""
        self._spoke_at: deque[float] = deque(maxlen=MAX_MESSAGES)
        self._judged_at = sockets.monotonic_s()

    async def converse(self, socket: web.WebSocketResponse) -> None:
        """Hear the client from its `hello` until it is gone."""
        hello = await self._hello(socket)
        if hello is None or not await self._still():
            return
        hub = self._sockets.hub
        number = await self._sockets.admit(self._meeting, self._participant, hello, self._connection)
        try:
            async for received in socket:
                message = self._read(received.type, received.data)
                if message is None or not await self._still():
                    return
                hub.say(self._meeting.id, self._participant.id, number, message)
        finally:
            hub.drop(self._meeting.id, self._participant.id, number)
            hub.attend(self._watch_place(number))

    async def look_again(self, subscription: Subscription) -> None:
        """Ask for permission again whenever something happened that could have ended it.

        Ends between two looks, never in the middle of one: a query that is cancelled costs its connection.
        """
        gone = asyncio.create_task(self.gone.wait())
        while not self.gone.is_set():
            told = asyncio.create_task(subscription.next())
            done, _ = await asyncio.wait({gone, told}, return_when=asyncio.FIRST_COMPLETED)
            if told not in done:
                told.cancel()
                continue
            try:
                await self._still()
            except DatabaseUnavailable:
                self._connection.hang_up(WSCloseCode.TRY_AGAIN_LATER)
            except Exception:
                # Who cannot be judged is not heard: a client that comes back is judged anew.
                log.exception("looking again failed", meeting=self._meeting.id)
                self._connection.hang_up(WSCloseCode.INTERNAL_ERROR)

    async def _watch_place(self, number: int) -> None:
        """Go on asking while the place of a dropped client is kept: its media never needed the websocket."""
        hub = self._sockets.hub
        while hub.keeps_place(self._meeting.id, self._participant.id, number):
            await asyncio.sleep(LOOK_AGAIN_S)
            try:
                if not await self._still():
                    return
            except Exception:
                log.exception("looking again failed", meeting=self._meeting.id)
                hub.revoke(self._meeting.id, self._participant.id)
                return

    async def _hello(self, socket: web.WebSocketResponse) -> protocol.Hello | None:
        try:
            received = await socket.receive(timeout=HELLO_WITHIN_S)
        except TimeoutError:
            self._refuse(UnreadableMessage())
            return None
        message = self._read(received.type, received.data)
        if isinstance(message, protocol.Hello) and message.protocol == PROTOCOL_VERSION:
            return message
        if message is not None:
            self._refuse(OtherProtocol())
        return None

    def _read(self, kind: WSMsgType, data: object) -> protocol.ClientMessage | None:
        """Return the message, or None after saying why the connection closes."""
        now = self._sockets.monotonic_s()
        if len(self._spoke_at) == MAX_MESSAGES and now - self._spoke_at[0] < MESSAGES_WITHIN_S:
            self._connection.hang_up(CloseCode.TOO_FAST)
            return None
        self._spoke_at.append(now)
        if kind is not WSMsgType.TEXT or not isinstance(data, str):
            if kind is WSMsgType.BINARY:
                self._refuse(UnreadableMessage())
            return None
        try:
            return CLIENT_MESSAGE.validate_json(data)
        except ValidationError:
            self._refuse(UnreadableMessage())
            return None

    def _refuse(self, error: DomainError) -> None:
        self._connection.refuse(None, error)
        self._connection.hang_up(CloseCode.UNREADABLE)

    async def _still(self) -> bool:
        """Tell whether the client may still take part; if not, take it out of the meeting and close.

        Raises:
            DatabaseUnavailable: it could not be asked for longer than a meeting goes on without.
        """
        now = self._sockets.monotonic_s()
        try:
            meeting = await self._sockets.still_may(self._request, self._meeting.id, self._action)
        except DatabaseUnavailable:
            if now - self._judged_at > UNJUDGED_S:
                raise
            return True
        except DomainError:
            if await self._sockets.is_closed(self._meeting.id):
                self._sockets.hub.close(self._meeting.id, EndReason.CANCELLED)
            else:
                self._sockets.hub.revoke(self._meeting.id, self._participant.id)
                self._connection.hang_up(CloseCode.NOT_PERMITTED)
            return False
        self._judged_at = now
        return meeting.status is not MeetingStatus.CLOSED
