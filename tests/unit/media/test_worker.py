"""The media process and the client that commands it."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media import control
from server.rooms.media.client import MediaClient, MediaNotice
from server.rooms.media.control import COMMAND, REPORT, CloseRoom, Done, Publish
from server.rooms.media.errors import (
    MediaUnavailable,
    MediumRefused,
    UnreadableMessage,
    UnreadableOffer,
)
from server.rooms.media.rtp import HEADER
from server.rooms.media.worker import PortTaken, Worker, WorkerSettings
from tests.peers import Peer

ROOM = MeetingId("room")
LAWYER = ParticipantId("lawyer")
CLIENT = ParticipantId("client")
PATIENCE_S = 15
QUIET_S = 0.2


def settings(folder: Path, *, port: int = 0, lifeline_fd: int | None = None) -> WorkerSettings:
    return WorkerSettings(
        host="127.0.0.1",
        port=port,
        addresses=("127.0.0.1",),
        control_path=folder / "media.sock",
        lifeline_fd=lifeline_fd,
    )


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Worker]:
    worker = Worker(settings(tmp_path))
    await worker.open()
    yield worker
    await worker.close()


@asynccontextmanager
async def call(media: MediaClient) -> AsyncIterator[tuple[Peer, Peer]]:
    """Have a lawyer speak to a client."""
    lawyer, client = await Peer.open("sendonly"), await Peer.open("recvonly")
    await lawyer.connect(await media.publish(room=ROOM, publisher=LAWYER, offer=lawyer.offer()))
    answer = await media.subscribe(
        room=ROOM,
        subscriber=CLIENT,
        publisher=LAWYER,
        offer=client.offer(),
        media=frozenset({"audio", "video"}),
    )
    await client.connect(answer)
    yield lawyer, client
    lawyer.close()
    client.close()


def speak(lawyer: Peer, sequence: int) -> None:
    lawyer.send_rtp(HEADER.pack(0x80, 111, sequence, 960 * sequence, lawyer.ssrcs["audio"]) + b"words")


async def hears(client: Peer, lawyer: Peer, sequence: int) -> bool:
    """Tell that what the lawyer says reaches the client."""
    speak(lawyer, sequence)
    return bool(await asyncio.wait_for(client.rtp.get(), PATIENCE_S))


async def hears_nothing(client: Peer, lawyer: Peer, sequence: int) -> bool:
    speak(lawyer, sequence)
    await asyncio.sleep(QUIET_S)
    return client.rtp.empty()


async def test_a_call_is_set_up_by_commands_and_ended_by_one(worker: Worker, tmp_path: Path) -> None:
    async with MediaClient(tmp_path / "media.sock") as media, call(media) as (lawyer, client):
        assert await hears(client, lawyer, 1)
        notice = await anext(media.notices())
        assert notice == MediaNotice(room=ROOM, participant=LAWYER, what="connected")
        counts = await media.stats()
        assert (counts["rooms"], counts["legs"]) == (1, 2)
        await media.remove(room=ROOM, participant=CLIENT)
        assert await hears_nothing(client, lawyer, 2)
    assert worker.port


async def test_a_refusal_is_raised_by_name(worker: Worker, tmp_path: Path) -> None:
    async with MediaClient(tmp_path / "media.sock") as media:
        with pytest.raises(UnreadableOffer):
            await media.publish(room=ROOM, publisher=LAWYER, offer="v=1")
        guard = await Peer.open("recvonly")
        with pytest.raises(MediumRefused):
            await media.subscribe(
                room=ROOM,
                subscriber=CLIENT,
                publisher=LAWYER,
                offer=guard.offer(),
                media=frozenset({"video"}),
            )
        guard.close()
        await media.unsubscribe(room=ROOM, subscriber=CLIENT, publisher=LAWYER)
        await media.close_room(ROOM)
    assert worker.port


async def test_the_rooms_of_a_web_process_that_went_away_are_closed(worker: Worker, tmp_path: Path) -> None:
    async with MediaClient(tmp_path / "media.sock") as media, call(media) as (lawyer, client):
        await media.__aexit__()
        await asyncio.sleep(0.05)
        assert await hears_nothing(client, lawyer, 1)
    assert worker.port


async def test_a_room_begins_anew_with_the_web_process_that_takes_it_over(
    worker: Worker, tmp_path: Path
) -> None:
    path = tmp_path / "media.sock"
    async with MediaClient(path) as former, MediaClient(path) as later, call(former) as (lawyer, client):
        assert await hears(client, lawyer, 1)
        await later.remove(room=ROOM, participant=ParticipantId("nobody"))
        assert await hears_nothing(client, lawyer, 2)
        async with call(later) as (lawyer_again, client_again):
            await former.__aexit__()
            assert await hears(client_again, lawyer_again, 1)
    assert worker.port


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{}", b'\x00\x00\x00\x0e{"do":"invent"}', b"GET / HTTP/1.1\r\n"],
)
async def test_garbage_on_the_control_channel_ends_only_that_channel(
    worker: Worker, tmp_path: Path, garbage: bytes
) -> None:
    path = tmp_path / "media.sock"
    async with MediaClient(path) as media:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(garbage)
        assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
        writer.close()
        assert (await media.stats())["rooms"] == 0
    assert worker.port


async def test_the_control_socket_is_its_owners_alone_and_may_lie_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    worker = Worker(settings(deep))
    await worker.open()
    assert (deep / "media.sock").stat().st_mode & 0o777 == 0o600
    async with MediaClient(deep / "media.sock") as media:
        assert (await media.stats())["legs"] == 0
    await worker.close()
    assert not (deep / "media.sock").exists()


async def test_a_port_that_is_taken_is_said_in_both_languages(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(PortTaken, match=r"不可用.*\n.*cannot be had.*--media-port"):
            Worker(settings(tmp_path, port=other.getsockname()[1]))


async def test_without_a_process_new_legs_fail_soon_and_removals_do_not(tmp_path: Path) -> None:
    async with MediaClient(tmp_path / "media.sock") as media:
        async with asyncio.timeout(1):
            with pytest.raises(MediaUnavailable):
                await media.publish(room=ROOM, publisher=LAWYER, offer="v=0")
        await media.remove(room=ROOM, participant=LAWYER)
        await media.close_room(ROOM)


async def start_process(folder: Path) -> asyncio.subprocess.Process:
    """Start the worker in a process of its own, as the supervisor does, and wait until it takes commands."""
    path = folder / "media.sock"
    code = (
        "from pathlib import Path; from server.rooms.media.worker import WorkerSettings, main; "
        "main(WorkerSettings(host='127.0.0.1', port=0, addresses=('127.0.0.1',), "
        f"control_path=Path({str(path)!r}), lifeline_fd=0))"
    )
    path.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    for _ in range(100 * PATIENCE_S):
        if path.exists():
            break
        await asyncio.sleep(0.01)
    return process


async def quiet_end(process: asyncio.subprocess.Process) -> int:
    """Wait for the end; return the exit code, having seen that nothing was complained of."""
    async with asyncio.timeout(PATIENCE_S):
        _, told = await process.communicate()
    assert told == b""
    code = process.returncode
    assert code is not None
    return code


async def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    process = await start_process(tmp_path)
    async with MediaClient(tmp_path / "media.sock") as media:
        await media.stats()
        assert process.stdin is not None
        process.stdin.close()
        assert await quiet_end(process) == 0


async def test_the_process_ends_when_told_to(tmp_path: Path) -> None:
    process = await start_process(tmp_path)
    async with MediaClient(tmp_path / "media.sock") as media, call(media) as (lawyer, _):
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(lawyer.closed.wait(), PATIENCE_S)
        assert await quiet_end(process) == 0


async def test_a_killed_process_is_found_again_and_its_rooms_are_told(tmp_path: Path) -> None:
    process = await start_process(tmp_path)
    async with MediaClient(tmp_path / "media.sock") as media:
        async with call(media):
            process.kill()
            assert await quiet_end(process) == -signal.SIGKILL
        again = await start_process(tmp_path)
        notice = await asyncio.wait_for(anext(media.notices()), PATIENCE_S)
        assert notice == MediaNotice(room=ROOM, participant=None, what="worker_restarted")
        async with call(media) as (lawyer, client):
            assert await hears(client, lawyer, 1)
        again.send_signal(signal.SIGTERM)
        assert await quiet_end(again) == 0


async def fed(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_messages_are_read_one_after_the_other_and_a_cut_one_ends_the_channel() -> None:
    first = Publish(request=1, room=ROOM, publisher=LAWYER, offer="v=0")
    second = CloseRoom(request=2, room=ROOM)
    whole = control.pack(first) + control.pack(second)
    reader = await fed(whole[:-1])
    assert await control.read(reader, COMMAND) == first
    assert await control.read(reader, COMMAND) is None
    assert await control.read(await fed(control.pack(Done(request=1))), REPORT) == Done(request=1)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    async def attempt() -> None:
        for framed in (data, len(data).to_bytes(4) + data):
            try:
                await control.read(await fed(framed), COMMAND)
            except UnreadableMessage:
                continue

    asyncio.run(attempt())
