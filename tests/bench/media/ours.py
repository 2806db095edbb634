"""Our forwarder with two-party rooms, set up over its control channel."""

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media.client import MediaClient
from tests.bench.media.load import Receiver, Sender
from tests.bench.media.place import Place, running
from tests.peers import Peer
from tests.until import until

START_S = 20.0
PARTIES = (ParticipantId("lawyer"), ParticipantId("client"))


@asynccontextmanager
async def ours(where: Place, rooms: int) -> AsyncIterator[tuple[int, list[Sender], list[Receiver]]]:
    """Run the media process with so many rooms of two; give its id and the connected peers."""
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "media.sock"
        code = (
            "from pathlib import Path; from server.rooms.media.worker import WorkerSettings, main; "
            f"main(WorkerSettings(host={where.server!r}, port=0, addresses=({where.server!r},), "
            f"control_path=Path({str(control)!r}), lifeline_fd=0))"
        )
        async with AsyncExitStack() as stack:
            process = await stack.enter_async_context(running(where, (sys.executable, "-c", code)))
            await until(control.exists, within_s=START_S)
            media = await stack.enter_async_context(MediaClient(control))
            senders: list[Sender] = []
            receivers: list[Receiver] = []
            for number in range(rooms):
                room = MeetingId(f"room-{number}")
                for publisher, subscriber in (PARTIES, PARTIES[::-1]):
                    peer = await Peer.open("sendonly", ("video",), host=where.load)
                    await peer.connect(
                        await media.publish(room=room, publisher=publisher, offer=peer.offer())
                    )
                    senders.append(Sender(len(senders), peer))
                    other = await Peer.open("recvonly", ("video",), host=where.load)
                    answer = await media.subscribe(
                        room=room,
                        subscriber=subscriber,
                        publisher=publisher,
                        offer=other.offer(),
                        media=frozenset({"video"}),
                    )
                    await other.connect(answer)
                    receivers.append(Receiver(other, senders[-1]))
            yield process, senders, receivers
