"""The media process: one forwarder, commanded over a Unix socket.

It ends on SIGTERM or SIGINT, and when the pipe that it shares with its parent closes, so that it never
outlives a parent that was killed. It keeps nothing: a restart loses the legs, and the clients come again.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from server.kernel.ids import MeetingId
from server.rooms.media import control
from server.rooms.media.control import (
    COMMAND,
    CloseRoom,
    Command,
    Done,
    LegTold,
    Publish,
    Refused,
    Remove,
    Report,
    Stats,
    Subscribe,
    Unsubscribe,
)
from server.rooms.media.errors import MediaError, UnreadableMessage
from server.rooms.media.forwarder import Forwarder, Notice

_log = logging.getLogger(__name__)

_MAX_UNREAD_BYTES: Final = 1024 * 1024
"""A web process that leaves so much unread is stuck, and is cut off."""
_OWNER_ONLY: Final = 0o177


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What the process is told when it starts."""

    host: str
    """IP address to receive media on; `0.0.0.0` or `::` for all."""
    port: int
    """UDP port; 0 for any that is free."""
    addresses: tuple[str, ...]
    """IP addresses under which browsers reach the port, the preferred first; they stand in the answers."""
    control_path: Path
    """The Unix socket to take commands on; a stale one is replaced."""
    lifeline_fd: int | None = None
    """A pipe or socket shared with the parent: when it closes, the process ends. None without a parent."""


class PortTaken(Exception):
    """Another program has the UDP port; the message says what to do, in both languages."""


def main(settings: WorkerSettings) -> None:
    """Run until told to end; exit with 1 and a message where the port cannot be had."""
    try:
        asyncio.run(serve(settings))
    except PortTaken as error:
        print(error, file=sys.stderr)  # noqa: T201 - the answer to whoever started the process
        sys.exit(1)


async def serve(settings: WorkerSettings) -> None:
    """Forward media until SIGTERM, SIGINT or the end of the parent.

    Raises:
        PortTaken: the UDP port cannot be bound.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    worker = Worker(settings)
    await worker.open()
    if settings.lifeline_fd is not None:
        loop.add_reader(settings.lifeline_fd, _watch_lifeline, settings.lifeline_fd, ended)
    _log.info("media on UDP port %d, commands on %s", worker.port, settings.control_path)
    try:
        await ended.wait()
    finally:
        if settings.lifeline_fd is not None:
            loop.remove_reader(settings.lifeline_fd)
        await worker.close()


def _watch_lifeline(descriptor: int, ended: asyncio.Event) -> None:
    try:
        alive = os.read(descriptor, 64)
    except OSError:
        alive = b""
    if not alive:
        ended.set()


class Worker:
    """A forwarder and its control channel."""

    def __init__(self, settings: WorkerSettings) -> None:
        """Bind the UDP port.

        Raises:
            PortTaken: it cannot be bound.
        """
        self._settings = settings
        self._forwarder = Forwarder(
            _bind(settings.host, settings.port), addresses=settings.addresses, notify=self._notify
        )
        self._server: asyncio.Server | None = None
        self._channels: dict[MeetingId, asyncio.StreamWriter] = {}
        """Whose commands each room obeys."""
        self._talks: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    @property
    def port(self) -> int:
        """Return the UDP port."""
        return self._forwarder.port

    async def open(self) -> None:
        """Begin to forward and to take commands."""
        self._forwarder.open()
        path = self._settings.control_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        before = os.umask(_OWNER_ONLY)
        try:
            with control.unix_address(path) as address:
                self._server = await asyncio.start_unix_server(self._talk, address)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Close every room, say good-bye to the peers, and take no more commands."""
        if self._server is not None:
            self._server.close()
        self._settings.control_path.unlink(missing_ok=True)
        talks = tuple(self._talks.values())
        for writer in self._talks:
            writer.close()
        await asyncio.gather(*talks, return_exceptions=True)
        await self._forwarder.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry out the commands of one web process; close its rooms when it has gone."""
        task = asyncio.current_task()
        if task is not None:
            self._talks[writer] = task
        try:
            while (command := await control.read(reader, COMMAND)) is not None:
                writer.write(control.pack(self._carry_out(command, writer)))
        except UnreadableMessage:
            _log.warning("control channel closed: what came was no command")
        finally:
            self._talks.pop(writer, None)
            for room in [room for room, owner in self._channels.items() if owner is writer]:
                del self._channels[room]
                self._forwarder.close_room(room)
            writer.close()

    def _carry_out(self, command: Command, writer: asyncio.StreamWriter) -> Report:
        if not isinstance(command, Stats):
            self._own(command.room, writer)
        try:
            return self._obey(command)
        except MediaError as error:
            return Refused(request=command.request, code=error.code)

    def _own(self, room: MeetingId, writer: asyncio.StreamWriter) -> None:
        """Note whose the room is; one that was another's begins anew."""
        owner = self._channels.get(room)
        if owner is not None and owner is not writer:
            self._forwarder.close_room(room)
        self._channels[room] = writer

    def _obey(self, command: Command) -> Done:
        answer = ""
        counts: dict[str, int] = {}
        forwarder = self._forwarder
        match command:
            case Publish(room=room, publisher=publisher, offer=offer):
                answer = forwarder.publish(room=room, publisher=publisher, offer=offer)
            case Subscribe(room=room, subscriber=subscriber, publisher=publisher):
                answer = forwarder.subscribe(
                    room=room,
                    subscriber=subscriber,
                    publisher=publisher,
                    offer=command.offer,
                    media=command.media,
                )
            case Unsubscribe(room=room, subscriber=subscriber, publisher=publisher):
                forwarder.unsubscribe(room=room, subscriber=subscriber, publisher=publisher)
            case Remove(room=room, participant=participant):
                forwarder.remove(room=room, participant=participant)
            case CloseRoom(room=room):
                forwarder.close_room(room)
                self._channels.pop(room, None)
            case Stats():
                counts = forwarder.stats()
            case _:
                assert_never(command)
        return Done(request=command.request, answer=answer, counts=counts)

    def _notify(self, notice: Notice) -> None:
        writer = self._channels.get(notice.leg.room)
        if writer is None:
            return
        told = LegTold(
            room=notice.leg.room,
            participant=notice.leg.participant,
            watched=notice.leg.watched,
            what=notice.what.value,
        )
        if writer.transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            writer.transport.abort()
        else:
            writer.write(control.pack(told))


def _bind(host: str, port: int) -> socket.socket:
    """Bind the UDP port; on an IPv6 wildcard, for IPv4 as well.

    Raises:
        PortTaken: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        message = (
            f"媒体端口 UDP {host}:{port} 不可用（{error.strerror}），请用 --media-port 另选。\n"
            f"UDP port {host}:{port} cannot be had ({error.strerror}); choose another with --media-port."
        )
        raise PortTaken(message) from None
    return sock
