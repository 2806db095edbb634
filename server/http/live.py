"""Live pages: a websocket that tells an open page when something it shows has happened.

It carries `{"topic", "event", "subject"}` and never content: the page fetches itself again and swaps what
changed, so that every permission is asked in the one place where pages are made.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from aiohttp import WSCloseCode, web

from server.http.identity import SessionStore, identity_of
from server.http.routing import Route
from server.http.sockets import open_socket
from server.kernel.errors import NotFound
from server.kernel.events import Bus, Notification, Subscription
from server.kernel.identity import Identity, Role
from server.kernel.ids import SessionId, could_name_a_record
from server.kernel.permissions import Action
from server.kernel.transaction import DatabaseUnavailable

MayWatch = Callable[[Identity, str], Awaitable[bool]]
"""Tells whether an identity may hear of the record with this id; one for each kind of topic."""

MAX_TOPICS = 16
_ACT_FOR_AN_ORGANISATION = frozenset(
    {Role.LEGAL_AID_OFFICER, Role.AGENCY_OFFICER, Role.COORDINATOR, Role.FACILITY_OFFICER}
)
"""Who hears of everything that concerns the organisation. A lawyer of a legal aid institution and a terminal
belong to one, yet most of its cases and bookings are none of theirs."""


class LiveHandlers:
    """Serves `/live`."""

    def __init__(self, *, bus: Bus, sessions: SessionStore, watchers: Mapping[str, MayWatch]) -> None:
        """Keep what is needed to listen and to ask again; `watchers` judge topics by their kind."""
        self._bus = bus
        self._sessions = sessions
        self._watchers = watchers

    def routes(self) -> tuple[Route, ...]:
        """Return the one route."""
        return (Route("GET", "/live", self.live, Action.HEAR),)

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        """Send notifications of one's own topics and those asked for in `watch`, until a permission ends.

        Raises:
            NotFound: a topic in `watch` is none of theirs, or there are more than `MAX_TOPICS`.
        """
        identity = identity_of(request)
        watched = frozenset(request.query.getall("watch", []))
        if len(watched) > MAX_TOPICS or identity.session_id is None:
            raise NotFound
        async with self._bus.subscribe(watched | own_topics(identity)) as subscription:
            # Asked while already listening, so that no change in between is missed.
            for topic in watched:
                if not await self._may_watch(identity, topic):
                    raise NotFound
            socket = await open_socket(request)
            gone = asyncio.create_task(_until_closed(socket))
            code = WSCloseCode.POLICY_VIOLATION
            try:
                with suppress(ConnectionError):
                    await self._tell(socket, identity.session_id, watched, subscription, gone)
            except DatabaseUnavailable:
                code = WSCloseCode.TRY_AGAIN_LATER
            finally:
                await socket.close(code=code)
                await gone
        return socket

    async def _tell(
        self,
        socket: web.WebSocketResponse,
        session_id: SessionId,
        watched: frozenset[str],
        subscription: Subscription,
        gone: asyncio.Task[None],
    ) -> None:
        """Send what is heard until the page is gone or a permission ended; no question is cut short."""
        while (notification := await _next_before(gone, subscription)) is not None:
            identity = await self._sessions.still(session_id)
            if identity is None or not await self._still(identity, notification.topic, watched):
                return
            if not notification.topic.startswith("access:"):
                await socket.send_json(
                    {
                        "topic": notification.topic,
                        "event": notification.event,
                        "subject": notification.subject,
                    }
                )

    async def _still(self, identity: Identity, topic: str, watched: frozenset[str]) -> bool:
        """Ask again before each message; a change of access makes every watched topic be asked."""
        asked = watched if topic.startswith("access:") else watched & {topic}
        return all([await self._may_watch(identity, each) for each in asked])

    async def _may_watch(self, identity: Identity, topic: str) -> bool:
        kind, _, record_id = topic.partition(":")
        watcher = self._watchers.get(kind)
        if watcher is None or not could_name_a_record(record_id):
            return False
        return await watcher(identity, record_id)


async def _until_closed(socket: web.WebSocketResponse) -> None:
    """Read until the page is gone: it says nothing, but reading answers pings and notices the close."""
    async for _ in socket:
        continue


async def _next_before(gone: asyncio.Task[None], subscription: Subscription) -> Notification | None:
    """Wait for the next notification; None once the page is gone."""
    heard = asyncio.create_task(subscription.next())
    await asyncio.wait({heard, gone}, return_when=asyncio.FIRST_COMPLETED)
    if heard.done():
        return heard.result()
    heard.cancel()
    return None


def own_topics(identity: Identity) -> frozenset[str]:
    """Return the topics that everyone hears by being who they are."""
    person = identity.account_id or identity.terminal_id
    topics = {f"account:{person}", f"access:{person}"} if person else set()
    if identity.organisation_id is not None and identity.role in _ACT_FOR_AN_ORGANISATION:
        topics.add(f"organisation:{identity.organisation_id}")
    return frozenset(topics)
