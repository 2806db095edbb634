"""Pages around a case: the calendar that counts its deadlines, what was written down, who looked."""

from datetime import date
from types import SimpleNamespace as Value

from server.cases.calendar_handlers import weeks
from server.cases.deadlines.calendar import Calendar, CalendarEntry
from server.cases.service.calendar import KnownCalendar
from server.kernel.errors import FieldError, InvalidInput
from server.kernel.identity import Role
from tests.samples.cases import CASE
from tests.samples.values import LAWYER, Sample, at, someone

_DAY = date(2027, 10, 1)
_KNOWN = KnownCalendar(
    calendar=Calendar([CalendarEntry(_DAY, working=False, name="国庆节")]), entered=frozenset({_DAY})
)

AROUND_CASES = (
    Sample(
        name="calendar",
        template="cases/calendar.html",
        identity=someone(Role.SYSTEM_ADMIN, "曹某"),
        path="/calendar",
        context={
            "year": 2027,
            "years": range(2026, 2029),
            "months": [(date(2027, month, 1), tuple(weeks(_KNOWN, 2027, month))) for month in range(1, 13)],
            "today": date(2027, 3, 1),
            "covered": False,
            "questions": (
                (
                    "presumed_days",
                    "法律援助法、148 号令的“日”",
                    (("calendar", "按日历日，末日为休息日的顺延（推定）"), ("workdays", "按工作日")),
                    "workdays",
                ),
            ),
            "decisions": (("法律援助法、148 号令的“日”", "按工作日", at(28, 9), "曹某"),),
            "typed": {"first": "2027-10-01"},
            "problem": None,
        },
    ),
    Sample(
        name="progress",
        template="cases/progress.html",
        identity=LAWYER,
        path=f"/cases/{CASE.id}/progress",
        context={
            "case_id": CASE.id,
            "recipient": CASE.recipient,
            "offence": CASE.offence,
            "groups": (("强制措施", (("detained", "拘留"), ("arrested", "逮捕"))),),
            "extendable": (
                (
                    "侦查羁押期限",
                    Value(
                        deadline=Value(
                            rule=Value(id="C06", extension="可依次延长1个月、2个月、2个月"),
                            due_at=at(20, month=12),
                            extra=Value(months=1, days=0),
                        ),
                        decisions=(
                            Value(recorded_at=at(28, 9), decision="豫检延〔2026〕3号", months=1, days=0),
                        ),
                        in_months=True,
                        left=4,
                    ),
                ),
            ),
            "late": (("give_file", "安排阅卷", None), ("arrange_meeting", "安排会见", "facility")),
            "parties": (("agency", "办案机关"), ("facility", "看守所")),
            "holding": tuple(
                (
                    "退回补充侦查",
                    Value(key="returned", at=at(day, 8, 30), place=place, withdrawable=place == 2),
                )
                for place, day in enumerate((11, 20), start=1)
            ),
            "moves": (
                Value(
                    title="审查起诉期限",
                    counted_at=at(28, 9),
                    before=at(20, month=10),
                    now=at(28, month=10),
                    article="刑事诉讼法第一百七十二条",
                    reason="办案事实有变",
                ),
                Value(
                    title="安排阅卷",
                    counted_at=at(27, 9),
                    before=at(20),
                    now=None,
                    article="",
                    reason="放假日历有变",
                ),
            ),
            "history": tuple(
                (words, Value(at=at(20, 8, 30), recorded_at=at(28, 9), withdrawn=off, again=again), name)
                for words, off, again, name in (("拘留", False, True, "周某"), ("逮捕", True, False, ""))
            ),
            "typed": {"key": "arrested", "at": "2026-09-30T09:00"},
            "problem": InvalidInput(fields=(FieldError("at", "future", "还没有发生的事，发生后再记录"),)),
        },
    ),
    Sample(
        name="case-log",
        template="cases/log.html",
        identity=LAWYER,
        path=f"/cases/{CASE.id}/log",
        context={
            "case_id": CASE.id,
            "recipient": CASE.recipient,
            "offence": CASE.offence,
            "looks": [
                Value(name=name, role=role, words=words, first_at=at(28, 8), last_at=last_at, times=times)
                for name, role, words, last_at, times in (
                    ("林某", "lawyer", "阅看卷宗页", at(28, 9), 37),
                    ("高某", "legal_aid_officer", "查看案件", at(28, 8), 1),
                    ("", "system", "卷宗处理完成", at(28, 8), 1),
                )
            ],
            "older_href": f"/cases/{CASE.id}/log?before=7",
        },
    ),
)
