"""What the hub carries out when a step of a meeting fails."""

from contextlib import AbstractAsyncContextManager
from typing import Any, NoReturn

import pytest
from typing_extensions import override

from server.kernel.errors import DomainError
from server.kernel.transaction import Units
from server.rooms.company import Company
from server.rooms.events import Revoked
from server.rooms.hub import Connection, LiveMeeting
from server.rooms.ports import RoomsTx
from server.rooms.protocol import CloseCode, Message
from tests.fakes.clock import SetClock
from tests.fakes.media import FakePlane
from tests.unit.rooms.meetings import CLIENT, MEETING, ZHOU, Rehearsal


class NoUnits(Units[RoomsTx]):
    """A database that is away."""

    @override
    def transaction(self) -> AbstractAsyncContextManager[RoomsTx]:
        raise ConnectionError

    @override
    def reading(self) -> AbstractAsyncContextManager[RoomsTx]:
        raise ConnectionError


class HeardConnection(Connection):
    """A socket that remembers how it was closed."""

    def __init__(self) -> None:
        self.closed_with: int | None = None

    @override
    def send(self, message: Message) -> None:
        return

    @override
    def refuse(self, re: int | None, error: DomainError) -> None:
        return

    @override
    def hang_up(self, code: int) -> None:
        self.closed_with = code


def fail(*_arguments: Any) -> NoReturn:  # noqa: ANN401 - stands in for any method
    raise ValueError


@pytest.mark.parametrize("step", ["tell_roster", "update"])
async def test_a_revocation_cuts_media_and_socket_though_a_step_of_it_fails(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    rehearsal, plane, lawyer = Rehearsal().begin(), FakePlane(), HeardConnection()
    live = LiveMeeting(rehearsal.session, units=NoUnits(), plane=plane, clock=SetClock())
    live.connections[rehearsal.connections[ZHOU.id]] = lawyer
    await plane.publish(room=MEETING.id, publisher=ZHOU.id, offer="v=0")
    await plane.publish(room=MEETING.id, publisher=CLIENT.id, offer="v=0")
    monkeypatch.setattr(Company, step, fail)
    live.happen(Revoked(ZHOU.id))
    live.stop()
    await live.serve()
    assert (MEETING.id, ZHOU.id) not in plane.publishing
    assert lawyer.closed_with == CloseCode.NOT_PERMITTED
