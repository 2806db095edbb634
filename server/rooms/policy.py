"""Rules of meetings: who may receive what of whom, who may say what when, how an identity stands to one."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.kernel.errors import N_, DomainError, Kind
from server.kernel.identity import Identity, Role
from server.kernel.permissions import Relation
from server.rooms.model import (
    MAX_OBSERVERS,
    MAX_WATCH_STARTS,
    WATCH_STARTS_WITHIN,
    MediaKind,
    Meeting,
    MeetingStatus,
    ParticipantKind,
    ParticipantStatus,
    Visit,
)


class NobodyThere(DomainError):
    """The participant named in a request is not where the request needs them."""

    kind = Kind.CONFLICT
    code = "nobody-there"
    title = N_("对方现在不在这里")
    advice = N_("请看参加人列表，等对方进入后再操作。")


class ObserverWithoutAudio(DomainError):
    """A guard's connection would carry audio, or another's picture than the recipient's."""

    kind = Kind.FORBIDDEN
    code = "observer-without-audio"
    title = N_("看守所只能看受援人画面，没有声音")
    advice = N_("请关闭画面巡看后重新打开。")


class NotYetOpen(DomainError):
    """Joining opens half an hour before the start."""

    kind = Kind.CONFLICT
    code = "not-yet-open"
    title = N_("还没有到进入时间")
    advice = N_("会见开始前 30 分钟起可以进入。")


class MeetingOver(DomainError):
    """The meeting is closed."""

    kind = Kind.CONFLICT
    code = "meeting-over"
    title = N_("会见已经结束")
    advice = N_("如需再次会见，请重新预约。")


class ViewingOff(DomainError):
    """The facility does not watch meetings."""

    kind = Kind.FORBIDDEN
    code = "viewing-off"
    title = N_("本所不使用画面巡看")
    advice = N_("如需开通，请由看守所负责人向系统管理员提出。")


class EnoughWatch(DomainError):
    """So many officers watch already as may at once."""

    kind = Kind.TOO_MANY
    code = "enough-watch"
    title = N_("同时巡看的民警已经够多")
    advice = N_("请等其他民警停止巡看后再打开。")


class WatchTooOften(DomainError):
    """So many watches were begun lately that another would change everybody's keys once too often."""

    kind = Kind.TOO_MANY
    code = "watch-too-often"
    title = N_("短时间内打开巡看的次数太多")
    advice = N_("每次打开都会打断会见双方的加密，请十分钟后再打开。")


class WrongMeetingCode(DomainError):
    """No meeting that can be joined at this terminal has this code."""

    code = "wrong-meeting-code"
    title = N_("这个会见码不对")
    advice = N_("请对照纸条再按一次。按错 5 次后，要等一会儿。")


CODE_DIGITS = 6


def new_code() -> str:
    """Return a fresh meeting code of `CODE_DIGITS` digits."""
    return "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))


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


KIND_OF: Mapping[Role, ParticipantKind] = {
    Role.LAWYER: ParticipantKind.LAWYER,
    Role.RECIPIENT: ParticipantKind.RECIPIENT,
    Role.INTERPRETER: ParticipantKind.INTERPRETER,
    Role.APPROPRIATE_ADULT: ParticipantKind.APPROPRIATE_ADULT,
    Role.FACILITY_OFFICER: ParticipantKind.OBSERVER,
}
"""As what each role takes part; others don't."""


def relation_to_meeting(
    identity: Identity, meeting: Meeting, *, to_case: Relation, visit: Visit | None, invited: bool
) -> Relation:
    """Return how an identity stands to a meeting.

    Args:
        identity: who asks.
        meeting: the meeting.
        to_case: how they stand to its case; what counts for a lawyer.
        visit: what their terminal shows; what counts for a recipient.
        invited: whether the booking names their account; what counts for interpreters.
    """
    match identity.role:
        case Role.LAWYER:
            own = to_case is not Relation.UNRELATED
        case Role.RECIPIENT:
            own = visit is not None and visit.meeting_id == meeting.id
        case Role.FACILITY_OFFICER:
            own = identity.organisation_id == meeting.facility_id
        case _:
            own = invited
    if not own:
        return Relation.UNRELATED
    return Relation.CLOSED if meeting.status is MeetingStatus.CLOSED else Relation.OWN


def check_joinable(meeting: Meeting, now: datetime) -> None:
    """Pass if the meeting can be joined now.

    Raises:
        MeetingOver: it is closed, or its time is over.
        NotYetOpen: it is too early.
    """
    if meeting.status is MeetingStatus.CLOSED or now >= meeting.ends_at:
        raise MeetingOver
    if now < meeting.join_opens_at:
        raise NotYetOpen


def check_watch(*, watching: int, started: Sequence[datetime], now: datetime) -> None:
    """Pass if another officer may begin to watch a meeting.

    Args:
        watching: how many watch it already.
        started: when somebody last began to.
        now: the time.

    Raises:
        EnoughWatch: as many watch as may at once.
        WatchTooOften: watching began too often lately; each time costs everyone two rounds of keys.
    """
    if watching >= MAX_OBSERVERS:
        raise EnoughWatch
    if sum(now - each < WATCH_STARTS_WITHIN for each in started) >= MAX_WATCH_STARTS:
        raise WatchTooOften
