"""Pages of booking and meeting."""

from datetime import date, timedelta
from types import SimpleNamespace as Value

from server.kernel.errors import FieldError, InvalidInput
from server.people.guesses import TooManyAttempts
from tests.samples.cases import CASE
from tests.samples.values import KIOSK, LAWYER, NOW, OFFICER, Sample, at

_STATES = ("taken", "alternative", "free", "free", "free", "closed", "closed")


def _cell(day: int, hour: int) -> Value:
    states = {(0, 9): "tentative", (1, 10): "refused", (1, 15): "held"}
    return Value(
        state=states.get((day, hour), _STATES[(day * 3 + hour) % 7]),
        starts_at=at(28, hour) + timedelta(days=day),
        in_window=day < 2 or (day == 2 and hour == 9),
        is_last=day == 2 and hour == 9,
    )


def _row(hour: int) -> Value:
    return Value(time=f"{hour:02}:00", cells=tuple(_cell(day, hour) for day in range(7)))


_BOOK = {
    "case": CASE,
    "facility": Value(name="平舆县看守所"),
    "choose": "/cases/c/book/hold",
    "submit": "/holds/h/submit",
    "release": "/holds/h/release",
    "week": Value(first=date(2026, 9, 28), last=date(2026, 10, 4), earlier=None, later="?week=2026-10-05"),
    "days": tuple(
        Value(
            date=date(2026, 9, 28) + timedelta(days=day),
            note="国庆 值班" if day > 2 else "",
            today=day == 0,
            in_window=day < 3,
        )
        for day in range(7)
    ),
    "rows": (*map(_row, (9, 10, 11)), None, *map(_row, (14, 15, 16, 17))),
    "minutes": 60,
    "lengths": (30, 60, 90),
    "colleagues": (("l" * 26, "林某（协办，远程）", ""),),
    "with_ids": ("l" * 26,),
    "purpose": "verify_evidence",
    "arrange_by": at(30, 9, 5),
    "held": Value(
        starts_at=at(29, 15),
        ends_at=at(29, 16),
        terminal="1 号终端",
        until=NOW + timedelta(minutes=10),
        checks=(("ok", "您与林某日程不冲突", ""), ("wait", "看守所确认", "最迟 9月30日 09:05")),
    ),
    "returned": Value(
        starts_at=at(29, 10),
        code="F-07",
        reason="办案机关提讯占用",
        text="",
        by="孙某",
        at=at(28, 9, 8),
        arrange_by=at(30, 9, 5),
        alternatives=((at(29, 15), "1 号终端"), (at(29, 16), "2 号终端")),
    ),
    "problem": None,
    "offered": (),
}
_BOOK_ANEW = {
    **_BOOK,
    "held": None,
    "returned": None,
    "colleagues": (),
    "problem": InvalidInput(fields=(FieldError("starts_at", "missing", "请填写这一项"),)),
    "offered": ((at(29, 15), "1 号终端"),),
}


def _bar(hour: int, status: str, minute: int = 0) -> Value:
    starts_at = at(28, hour, minute)
    return Value(
        recipient="张某",
        lawyers="周某",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        status=status,
    )


_ALTERNATIVES = ((at(29, 9).isoformat(), at(29, 9), "2 号终端"),)


def _pending(
    number: int, *, late: bool, alternatives: tuple[tuple[str, object, str], ...] = _ALTERNATIVES
) -> Value:
    return Value(
        id=f"{number:026}",
        version=1,
        recipient="薛某",
        lawyers="邓某",
        starts_at=at(29, 15),
        ends_at=at(29, 16),
        terminal="1 号终端",
        arrange_by=at(30, 9, 5),
        late=late,
        note="",
        alternatives=alternatives,
    )


_DESK = {
    "facility": Value(id="o" * 26, name="平舆县看守所"),
    "counts": Value(today=5, in_session=1, pending=2),
    "act_line": Value(
        kind="call", terminal="1 号终端", recipient="", at=at(28, 9, 5), action="/desk/terminals/t/answer"
    ),
    "terminals": (
        Value(
            name="1 号终端",
            state="ok",
            note="在线",
            bookings=(_bar(9, "confirmed", 30), _bar(11, "confirmed"), _bar(15, "requested")),
        ),
        Value(name="2 号终端", state="weak", note="网络一般", bookings=(_bar(8, "in_session", 30),)),
        Value(name="3 号终端", state="offline", note="离线 08:41 起", bookings=()),
        Value(name="4 号终端", state="unpaired", note="未配对", bookings=(_bar(20, "confirmed"),)),
    ),
    "meetings": (
        Value(
            starts_at=at(28, 9, 30),
            ends_at=at(28, 10, 30),
            terminal="1 号终端",
            recipient="张某",
            lawyers="周某、林某",
            code="481902",
            status="confirmed",
        ),
    ),
    "pending": (_pending(1, late=True, alternatives=()), _pending(2, late=False)),
    "reasons": (("F-02", "监室调整，提押不便"), ("F-99", "其他原因（须写明）")),
    "watching": (
        Value(terminal="2 号终端", recipient="高某", meeting_id="m" * 26, state="in_session"),
        Value(terminal="1 号终端", recipient="", meeting_id="n" * 26, state="waiting"),
        Value(terminal="3 号终端", recipient="", meeting_id="p" * 26, state="offline"),
    ),
    "log": ((at(28, 9), "打开 2 号终端画面巡看"), (at(28, 8, 30), "接班")),
    "problem": InvalidInput(),
    "problem_for": f"{2:026}",
}
_QUIET_DESK = {
    **_DESK,
    "act_line": Value(kind="bring", terminal="1 号终端", recipient="张某", at=at(28, 9, 30), action=None),
    "meetings": (),
    "pending": (),
    "watching": None,
    "log": (),
    "problem": None,
    "problem_for": None,
}
_MEETING = Value(
    id="m" * 26,
    recipient="张某",
    lawyers="周某",
    facility="平舆县看守所",
    terminal="1 号终端",
    starts_at=at(28, 9, 30),
    ends_at=at(28, 10, 30),
    opens_at=at(28, 9),
    joinable=True,
    watched=True,
)
_PREJOIN = {
    "meeting": _MEETING,
    "people": (
        Value(name="周某", part="主办律师", state="ok", status="已到", next="您：勾选保密承诺"),
        Value(name="张某", part="受援人", state="wait", status="未到", next="看守所"),
    ),
    "enter": "/meetings/m/room",
    "case": CASE,
}
_LATER = Value(**{**vars(_MEETING), "joinable": False, "watched": False, "starts_at": at(28, 16)})


def _kiosk(state: str, **given: object) -> Sample:
    return Sample(
        name=f"kiosk-{state}{'-refused' if given.get('problem') else ''}",
        template="rooms/kiosk.html",
        identity=KIOSK,
        path="/kiosk",
        context={
            "facility": "平舆县看守所",
            "terminal": "1 号终端",
            "state": state,
            "problem": None,
            "meeting": None if state in ("code", "cleared") else _MEETING,
            "enter": "/kiosk/enter",
            "agree": "/kiosk/agree",
            "clear": "/kiosk/clear",
            "help": "/kiosk/help",
            **given,
        },
    )


def _own(day: int, status: str, reason: str | None = None) -> Value:
    booking = Value(
        id="b" * 26,
        starts_at=at(day, 15),
        ends_at=at(day, 16),
        status=status,
        lawyer_ids=("a" * 26,),
        decided_by=None if status == "requested" else "o" * 26,
        arrange_by=at(30, 9, 5),
        reason=reason,
        reason_text="",
        alternatives=(at(29, 16),) if reason else (),
    )
    return Value(booking=booking, case=CASE, recipient="张某", facility="平舆县看守所", terminal="1 号终端")


_OWN = {
    "coming": (_own(29, "requested"), _own(29, "confirmed"), _own(30, "cancelled", "F-07")),
    "past": (_own(27, "held"),),
    "reasons": {"F-07": "办案机关提讯占用"},
    "cancel": (("C-01", "律师日程变化"),),
}

MEETINGS = (
    Sample(
        name="meetings", template="scheduling/meetings.html", identity=LAWYER, path="/meetings", context=_OWN
    ),
    Sample(
        name="meetings-none",
        template="scheduling/meetings.html",
        identity=LAWYER,
        path="/meetings",
        context={**_OWN, "coming": (), "past": ()},
    ),
    Sample(name="book", template="scheduling/book.html", identity=LAWYER, path="/book", context=_BOOK),
    Sample(
        name="book-anew", template="scheduling/book.html", identity=LAWYER, path="/book", context=_BOOK_ANEW
    ),
    Sample(name="desk", template="rooms/desk.html", identity=OFFICER, path="/desk", context=_DESK),
    Sample(
        name="desk-quiet", template="rooms/desk.html", identity=OFFICER, path="/desk", context=_QUIET_DESK
    ),
    Sample(name="prejoin", template="rooms/prejoin.html", identity=LAWYER, path="/m", context=_PREJOIN),
    Sample(
        name="prejoin-early",
        template="rooms/prejoin.html",
        identity=LAWYER,
        path="/m",
        context={**_PREJOIN, "meeting": _LATER},
    ),
    Sample(
        name="room",
        template="rooms/room.html",
        identity=LAWYER,
        path="/m/room",
        context={"meeting": _MEETING, "leave": "/cases/c"},
    ),
    _kiosk("code"),
    _kiosk("code", problem=TooManyAttempts(seconds=30)),
    *map(_kiosk, ("notice", "waiting", "meeting", "ended", "cleared")),
)
