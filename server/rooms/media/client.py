"""The web process's end of the control channel: commands to the media process, and its notices.

The client connects by itself, and again whenever the process was restarted; the rooms that it had opened
are then told to begin anew. While the process is away, commands for new legs fail with
`MediaUnavailable` and removals succeed: what has gone forwards nothing.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, TypeAlias

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media import control
from server.rooms.media.control import (
    REPORT,
    CloseRoom,
    Command,
    Done,
    LegTold,
    Publish,
    Refused,
    Remove,
    Stats,
    Subscribe,
    Unsubscribe,
)
from server.rooms.media.errors import ERRORS, MediaError, MediaUnavailable, UnreadableMessage
from server.rooms.media.rtp import MediaKind

_ANSWER_S: Final = 5.0
_CONNECTED_WITHIN_S: Final = 0.25
"""How long a command waits for the process to be there: its meeting's other events wait behind it."""
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0

Medium: TypeAlias = Literal["audio", "video"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaNotice:
    """Something that the media process tells on its own account."""

    room: MeetingId
    participant: ParticipantId | None
    """The publisher that it concerns; None if it is the whole room."""
    what: Literal["connected", "lost", "worker_restarted"]
    """`connected`: the publisher's first packet came; `lost`: its consent ran out (RFC 7675) or its DTLS was
    closed; `worker_restarted`: every leg of the room is gone, clients must publish and subscribe anew."""


class MediaClient:
    """Commands one media process; used with `async with`."""

    def __init__(self, control_path: Path) -> None:
        """Prepare to connect to the process whose control socket is at `control_path`."""
        self._path = control_path
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Done]] = {}
        self._rooms: set[MeetingId] = set()
        self._notices: asyncio.Queue[MediaNotice | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to connect, and to keep connected."""
        self._task = asyncio.get_running_loop().create_task(self._keep_connected())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Disconnect, which closes the rooms; end the notices."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._notices.put_nowait(None)

    @property
    def is_connected(self) -> bool:
        """Whether the process is there."""
        return self._connected.is_set()

    async def publish(self, *, room: MeetingId, publisher: ParticipantId, offer: str) -> str:
        """Take the `sendonly` offer of `publisher`, replacing a former leg; return the answer.

        Raises:
            MediaError: the offer cannot be answered, or the process is away.
        """
        done = await self._ask(
            lambda request: Publish(request=request, room=room, publisher=publisher, offer=offer)
        )
        self._rooms.add(room)
        return done.answer

    async def subscribe(
        self,
        *,
        room: MeetingId,
        subscriber: ParticipantId,
        publisher: ParticipantId,
        offer: str,
        media: frozenset[Medium],
    ) -> str:
        """Take the `recvonly` offer of `subscriber` for what `publisher` sends; return the answer.

        Args:
            room: The room of both.
            subscriber: Who receives.
            publisher: Whose media it is; it may come later than the subscriber.
            offer: The browser's description.
            media: What the leg may carry. Without audio there is no audio m-line and no audio route.

        Raises:
            MediumRefused: the offer has an m-line of another kind than `media`.
            MediaError: the offer cannot be answered, or the process is away.
        """
        kinds = frozenset(map(MediaKind, media))
        done = await self._ask(
            lambda request: Subscribe(
                request=request,
                room=room,
                subscriber=subscriber,
                publisher=publisher,
                offer=offer,
                media=kinds,
            )
        )
        self._rooms.add(room)
        return done.answer

    async def unsubscribe(
        self, *, room: MeetingId, subscriber: ParticipantId, publisher: ParticipantId
    ) -> None:
        """Close the leg on which `subscriber` gets the media of `publisher`."""
        await self._ask_to_end(
            lambda request: Unsubscribe(
                request=request, room=room, subscriber=subscriber, publisher=publisher
            )
        )

    async def remove(self, *, room: MeetingId, participant: ParticipantId) -> None:
        """Close every leg to and from `participant`; on return nothing more is forwarded."""
        await self._ask_to_end(lambda request: Remove(request=request, room=room, participant=participant))

    async def close_room(self, room: MeetingId) -> None:
        """Close every leg of the room."""
        self._rooms.discard(room)
        await self._ask_to_end(lambda request: CloseRoom(request=request, room=room))

    async def stats(self) -> dict[str, int]:
        """Return what the process counts: rooms, legs, datagrams received and dropped.

        Raises:
            MediaUnavailable: the process is away.
        """
        return (await self._ask(lambda request: Stats(request=request))).counts

    async def notices(self) -> AsyncIterator[MediaNotice]:
        """Yield what happens, to one listener, until the client is closed."""
        while (notice := await self._notices.get()) is not None:
            yield notice

    async def _ask_to_end(self, make: Callable[[int], Command]) -> None:
        """Send a command that takes something away; without a process there is nothing to take away."""
        if self._writer is not None:
            await self._ask(make)

    async def _ask(self, make: Callable[[int], Command]) -> Done:
        """Send a command and wait for its report.

        Raises:
            MediaError: the process refused it, or is away.
        """
        number = next(self._numbers)
        report: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_CONNECTED_WITHIN_S):
                await self._connected.wait()
            async with asyncio.timeout(_ANSWER_S):
                if self._writer is None:
                    raise MediaUnavailable
                self._waiting[number] = report
                self._writer.write(control.pack(make(number)))
                return await report
        except TimeoutError:
            raise MediaUnavailable from None
        finally:
            self._waiting.pop(number, None)

    async def _keep_connected(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            with suppress(OSError, UnreadableMessage):
                with control.unix_address(self._path) as address:
                    reader, writer = await asyncio.open_unix_connection(address)
                pause_s = _FIRST_PAUSE_S
                await self._converse(reader, writer)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take reports until the process goes away; then fail what still waits."""
        self._writer = writer
        self._connected.set()
        for room in self._rooms:
            self._notices.put_nowait(MediaNotice(room=room, participant=None, what="worker_restarted"))
        self._rooms.clear()
        try:
            while (report := await control.read(reader, REPORT)) is not None:
                self._take(report)
        finally:
            self._writer = None
            self._connected.clear()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(MediaUnavailable())
            writer.close()

    def _take(self, report: control.Report) -> None:
        match report:
            case Done(request=number):
                waiting = self._waiting.get(number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(report)
            case Refused(request=number, code=code):
                waiting = self._waiting.get(number)
                if waiting is not None and not waiting.done():
                    waiting.set_exception(ERRORS.get(code, MediaError)())
            case LegTold(room=room, participant=participant, watched=None, what=what):
                self._notices.put_nowait(MediaNotice(room=room, participant=participant, what=what))
            case LegTold():
                # The subscriber's own browser notices, and asks again.
                return
