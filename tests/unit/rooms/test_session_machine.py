"""Any order of what people do and what the network does leaves the promises of a meeting intact."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from server.kernel.ids import ParticipantId
from server.rooms import protocol
from server.rooms.events import (
    CutMedia,
    Dropped,
    Effect,
    MediaLost,
    Revoked,
    StartPublishing,
    StartReceiving,
    Tell,
    Ticked,
)
from server.rooms.model import (
    MEETING_TRANSITIONS,
    MeetingStatus,
    Participant,
    ParticipantKind,
    ParticipantStatus,
)
from tests.unit.rooms.meetings import EVERYONE, GUARD, POINT, SEALED, Rehearsal, bytes32

people = st.sampled_from(EVERYONE)
pages = st.sampled_from("AB")


class MeetingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.meeting = Rehearsal()
        self.seen: dict[tuple[int, ParticipantId], tuple[int, ParticipantStatus]] = {}
        self.read = 0
        self.admitted_by_lawyer: set[ParticipantId] = set()
        self.routes: set[tuple[ParticipantId, ParticipantId]] = set()
        self.status = MeetingStatus.SCHEDULED
        self.old_connections: list[tuple[ParticipantId, int]] = []

    @rule(who=people, page=pages)
    def join(self, who: Participant, page: str) -> None:
        if who.id in self.meeting.connections:
            self.old_connections.append((who.id, self.meeting.connections[who.id]))
        self.meeting.join(who, instance=page)

    @rule(who=people)
    def drop(self, who: Participant) -> None:
        if who.id in self.meeting.connections:
            self.meeting.drop(who)

    @rule(data=st.data())
    def late_drop(self, data: st.DataObject) -> None:
        if self.old_connections:
            who, connection = data.draw(st.sampled_from(self.old_connections))
            self.meeting.happen(Dropped(participant_id=who, connection=connection))

    @rule(who=people)
    def enter(self, who: Participant) -> None:
        self.meeting.say(who, protocol.Enter)

    @rule(who=people, whom=people)
    def admit(self, who: Participant, whom: Participant) -> None:
        self.meeting.say(who, protocol.Admit, participant=whom.id)

    @rule(who=people, whom=people)
    def send_back(self, who: Participant, whom: Participant) -> None:
        self.meeting.say(who, protocol.SendBack, participant=whom.id)

    @rule(who=people)
    def publish(self, who: Participant) -> None:
        self.meeting.say(who, protocol.Publish, sdp="v=0")

    @rule(who=people, whom=people)
    def subscribe(self, who: Participant, whom: Participant) -> None:
        self.meeting.say(who, protocol.Subscribe, publisher=whom.id, sdp="v=0")

    @rule(who=people)
    def bring_keys_forward(self, who: Participant) -> None:
        keys = self.meeting.session.round
        epoch = keys.epoch if keys is not None else 1
        self.meeting.say(who, protocol.Commit, epoch=epoch, commitment=bytes32(who.id[0]))
        self.meeting.say(who, protocol.Reveal, epoch=epoch, public_key=POINT, nonce=bytes32("N"))
        self.meeting.say(who, protocol.Keyed, epoch=epoch)

    @rule(who=people, whom=people, media=st.sampled_from(["audio", "video"]))
    def send_key(self, who: Participant, whom: Participant, media: str) -> None:
        keys = self.meeting.session.round
        sealed = [{"to": whom.id, "media": media, "sealed": SEALED}]
        self.meeting.say(who, protocol.Keys, epoch=keys.epoch if keys else 1, keys=sealed)

    @rule(who=people)
    def leave(self, who: Participant) -> None:
        self.meeting.say(who, protocol.Leave)

    @rule(who=people)
    def revoke(self, who: Participant) -> None:
        self.meeting.happen(Revoked(who.id))

    @rule(who=people)
    def lose_media(self, who: Participant) -> None:
        self.meeting.happen(MediaLost(who.id))

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.meeting.now += timedelta(seconds=seconds)
        self.meeting.happen(Ticked())

    @invariant()
    def the_promises_hold(self) -> None:
        for effect in self.meeting.effects[self.read :]:
            self._look_at(effect)
        self.read = len(self.meeting.effects)
        seats = self.meeting.session.seats.values()
        inside = [seat for seat in seats if seat.is_inside]
        lawyers = [seat for seat in inside if seat.kind is ParticipantKind.LAWYER]
        if not lawyers:
            assert all(seat.kind is ParticipantKind.OBSERVER for seat in inside)
        keys = self.meeting.session.round
        assert (set(keys.members) if keys else set()) == (
            {seat.id for seat in inside} if len(inside) > 1 else set()
        )
        ids = {seat.id for seat in inside}
        assert all(subscriber in ids and publisher in ids for subscriber, publisher in self.routes)

    def _look_at(self, effect: Effect) -> None:
        match effect:
            case Tell(connection=connection, message=protocol.Roster() as roster):
                for entry in roster.participants:
                    self._check_sequence(connection, entry)
            case Tell(connection=connection, message=message):
                self._check_silence(connection, message)
            case StartReceiving():
                if effect.participant_id == GUARD.id:
                    assert effect.media == {"video"}
                    assert "audio" not in effect.media
                self.routes.add((effect.participant_id, effect.publisher))
            case StartPublishing():
                assert effect.participant_id != GUARD.id
            case CutMedia(participant_id=gone):
                self.routes = {route for route in self.routes if gone not in route}
            case _:
                pass

    def _check_sequence(self, connection: int, entry: protocol.RosterEntry) -> None:
        key = (connection, ParticipantId(entry.id))
        number, status = self.seen.get(key, (-1, entry.status))
        assert entry.sequence >= number
        assert entry.sequence > number or entry.status is status
        self.seen[key] = (entry.sequence, entry.status)

    def _check_silence(self, connection: int, message: Any) -> None:  # noqa: ANN401 - any message
        guard = self.meeting.connections.get(GUARD.id)
        if connection == guard and isinstance(message, protocol.KeysFrom):
            assert all(key.media == "video" for key in message.keys)

    @invariant()
    def the_meeting_only_goes_forward(self) -> None:
        status = self.meeting.session.status
        if status is not self.status:
            reachable = {self.status}
            for _ in MeetingStatus:
                reachable |= {after for before in reachable for after in MEETING_TRANSITIONS[before]}
            assert status in reachable
        self.status = status


TestMeetingMachine = MeetingMachine.TestCase
TestMeetingMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
