"""Rules of meetings: who may receive what of whom, who may say what when, how an identity stands to one."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.kernel.errors import N_, DomainError, Kind
from server.rooms.model import MediaKind, ParticipantKind, ParticipantStatus


class ObserverWithoutAudio(DomainError):
    """A guard's connection would carry audio, or another's picture than the recipient's."""

    kind = Kind.FORBIDDEN
    code = "observer-without-audio"
    title = N_("看守所只能看受援人画面，没有声音")
    advice = N_("请关闭画面巡看后重新打开。")


_EVERYTHING: frozenset[MediaKind] = frozenset({"audio", "video"})
_PICTURE: frozenset[MediaKind] = frozenset({"video"})
_NOTHING: frozenset[MediaKind] = frozenset()


def media_for(*, reader: ParticipantKind, publisher: ParticipantKind) -> frozenset[MediaKind]:
    """Return what one kind of participant may receive of another: the rule for routes and keys alike."""
    if publisher is ParticipantKind.OBSERVER:
        return _NOTHING
    if reader is ParticipantKind.OBSERVER:
        return _PICTURE if publisher is ParticipantKind.RECIPIENT else _NOTHING
    return _EVERYTHING


@dataclass(frozen=True, slots=True)
class May:
    """Who may send a message, and where they must be."""

    kinds: frozenset[ParticipantKind]
    statuses: frozenset[ParticipantStatus]


_ALL = frozenset(ParticipantKind)
_HEARD = _ALL - {ParticipantKind.OBSERVER}
_LAWYER = frozenset({ParticipantKind.LAWYER})
_CLOSERS = frozenset({ParticipantKind.LAWYER, ParticipantKind.RECIPIENT})
_INSIDE = frozenset({ParticipantStatus.ADMITTED})
_HERE = _INSIDE | {ParticipantStatus.TESTING, ParticipantStatus.WAITING}

MAY_SAY: Mapping[str, May] = {
    "enter": May(_HEARD, _HERE),
    "admit": May(_LAWYER, _INSIDE),
    "send_back": May(_LAWYER, _INSIDE),
    "publish": May(_HEARD, _INSIDE),
    "mute": May(_HEARD, _INSIDE),
    "subscribe": May(_ALL, _INSIDE),
    "unsubscribe": May(_ALL, _INSIDE),
    "commit": May(_ALL, _INSIDE),
    "reveal": May(_ALL, _INSIDE),
    "keys": May(_ALL, _INSIDE),
    "keyed": May(_ALL, _INSIDE),
    "call_officer": May(_HEARD, _INSIDE | {ParticipantStatus.WAITING}),
    "end": May(_CLOSERS, _INSIDE),
    "ping": May(_ALL, _HERE),
    "leave": May(_ALL, _HERE),
}
"""Who may say what; `hello` comes before there is a participant. A message that isn't here is refused."""


def may_say(message_type: str, kind: ParticipantKind, status: ParticipantStatus) -> bool:
    """Tell whether the table allows it."""
    may = MAY_SAY.get(message_type)
    return may is not None and kind in may.kinds and status in may.statuses
