"""Pages of cases, cooperation and dossiers."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace as Value

from server.casefiles.model import Dossier, DossierStatus, Page, Upload
from server.kernel.errors import FieldError, InvalidInput, NotAllowed
from server.kernel.ids import AccountId, CaseId, DossierId, UploadId
from server.pdf.manifest import OutlineEntry
from tests.samples.values import AGENCY, COORDINATOR, INSTITUTION, LAWYER, NOW, Sample, at

CASE = Value(
    id="c" * 26,
    recipient="张某",
    offence="故意伤害案",
    number="驻法援刑〔2026〕0187号",
    agency="平舆县人民检察院",
    agency_number="平检刑诉受〔2026〕126号",
    facility="平舆县看守所",
    grounds="审查起诉阶段通知辩护",
    in_custody=True,
    flags=("未成年人",),
    closed=False,
)
_MID_AUTUMN = tuple(date(2026, 9, day) for day in (25, 26, 27))
_NATIONAL_DAY = tuple(date(2026, 10, day) for day in range(1, 8))


def _deadline(title: str, state: str, **given: object) -> Value:
    return Value(
        **{
            "title": title,
            "state": state,
            "subject": "",
            "trigger_at": at(23, 17),
            "started_by": "受理",
            "nominal_due_at": None,
            "days_off": (),
            "met_at": None,
            "article": "",
            "explanations": (),
            "owner": "",
            "provisional": False,
            "unverified": False,
            "skipped": (),
            **given,
        }
    )


_APPEAL = _deadline(
    "上诉期限",
    "ok",
    subject="吴某，诈骗",
    starts_at=at(23, 17),
    started_by="送达",
    due_at=at(9, month=10),
    nominal_due_at=at(4, month=10),
    days_off=(*_MID_AUTUMN, *_NATIONAL_DAY),
    article="刑事诉讼法第二百三十条、第一百零五条第四款",
    explanations=(("末日为国庆假期，顺延 {days} 天至假后第一日。", {"days": 5}),),
    skipped=(
        Value(first=date(2026, 10, 4), last=date(2026, 10, 4), name="周末"),
        Value(first=date(2026, 10, 5), last=date(2026, 10, 7), name="国庆节"),
    ),
    unverified=True,
)
DEADLINES = (
    _deadline(
        "提交阅卷笔录",
        "overdue",
        subject="赵某，寻衅滋事",
        starts_at=at(17),
        due_at=at(27),
        days_off=_MID_AUTUMN,
    ),
    _deadline(
        "看守所安排会见",
        "due_soon",
        subject="艾某，盗窃",
        starts_at=at(27, 15, 20),
        started_by="提出",
        due_at=at(29, 15, 20),
        article="刑事诉讼法第三十九条第二款",
        explanations=(("至迟四十八小时。按小时计，不扣假日。", {}),),
        owner="看守所须办理",
    ),
    _APPEAL,
    _deadline("指派律师", "met", starts_at=at(20), due_at=at(23), met_at=at(21, 9)),
    _deadline(
        "审查起诉期限",
        "ok",
        starts_at=at(2),
        due_at=at(2, month=10),
        days_off=(*_MID_AUTUMN, *_NATIONAL_DAY),
        article="刑事诉讼法第一百七十二条",
        provisional=True,
    ),
)
_STAGES = (
    ("侦查", "done", "6.11–9.02"),
    ("审查起诉", "now", "9.02 起"),
    ("一审", "todo", ""),
    ("二审", "todo", ""),
    ("执行", "todo", ""),
)


def _person(name: str, part: str, tone: str, note: str, assignment_id: str | None = None) -> Value:
    return Value(
        name=name, part=part, tone=tone, icon="user", note=note, assignment_id=assignment_id, version=1
    )


_PEOPLE = (
    _person("张某", "受援人", "n", "男，1998 年生"),
    _person("周某", "主办", "", "驻马店，9月4日起", assignment_id="x" * 26),
    _person("林某", "协办", "b", "郑州，远程"),
)
_PARTS = (("专长", 31), ("负荷", 24), ("距离", 15), ("连续性", 10), ("语言与性别", 6))
_ASSIGNMENT = Value(
    decided_at=at(4, 9, 40),
    decided_by="何某",
    rank=1,
    total=86,
    parts=_PARTS,
    reasons=(("同类案件 {count} 件", {"count": 12}, 31), ("占用率 {percent}%", {"percent": 62}, 24)),
    note="家属请求女律师",
    passed_over=(("第 2 位{name}未选：同案被告人的辩护人。", {"name": "许某"}),),
)


def _dossier(title: str, state: str, **given: object) -> Value:
    usual: dict[str, object] = {
        "id": "d" * 26,
        "href": "/cases/c/dossiers/d",
        "source": "检察院 9月8日",
        "sha256": "0" * 64,
        "pages": 186,
        "pages_ready": 186,
        "pages_failed": 0,
        "failure": "",
        "annotations": 47,
        "last_page": 37,
    }
    return Value(title=title, state=state, **{**usual, **given})


_DOSSIERS = (
    _dossier("诉讼证据卷 第一册", "ready"),
    _dossier("补充侦查卷", "splitting", pages=42, pages_ready=31, annotations=0, last_page=0),
    _dossier("诉讼文书卷", "uploading", pages=0, pages_ready=0, annotations=0, last_page=0),
    _dossier("监控说明", "failed", pages=0, pages_ready=0, failure="文件太大", annotations=0, last_page=0),
)


def _meeting(day: int, hour: int, status: str, href: str | None = None, note: str = "") -> Value:
    return Value(
        starts_at=at(day, hour, 30),
        ends_at=at(day, hour + 1, 30),
        place="平舆县看守所 1 号终端",
        people="周某、林某",
        status=status,
        href=href,
        note=note,
    )


_MEETINGS = (_meeting(28, 9, "confirmed", "/meetings/m"), _meeting(16, 15, "held", note="断线 1 次"))
_EVENTS: tuple[tuple[datetime, str, dict[str, object]], ...] = (
    (at(28, 8, 50), "检察院送达补充侦查卷", {}),
    (at(26, 10), "{name}接受指派", {"name": "周某"}),
)
_CASE_PAGE = {
    "case": CASE,
    "stages": _STAGES,
    "act_line": Value(
        title="请接受或退回这次指派",
        words="何某 9月28日 09:05 指派您主办，最迟今天 18:00 回复。",
        you=True,
        action="/cases/c/assignment/accept",
        button="接受指派",
    ),
    "people": _PEOPLE,
    "deadlines": DEADLINES,
    "standing": (
        Value(words="律师可以向当事人核实证据。", article="刑事诉讼法第三十九条第四款", unverified=False),
        Value(words="取得案卷后，形成书面阅卷笔录。", article="", unverified=True),
    ),
    "steps": (
        Value(duty="sign_agreement", title="签订委托协议", first=date(2026, 9, 26), last=date(2026, 9, 28)),
        Value(duty="file_papers", title="向法院提交手续", first=date(2026, 9, 26), last=date(2026, 9, 28)),
    ),
    "problem": InvalidInput(fields=(FieldError("done_on", "before-it-began", "不能早于这项期限开始的日期"),)),
    "dossiers": _DOSSIERS,
    "meetings": _MEETINGS,
    "assignment": _ASSIGNMENT,
    "events": _EVENTS,
    "end_reasons": (("conflict_found", "发现利益冲突"), ("other", "其他")),
    "may": frozenset({"book", "log", "meetings", "progress", "read", "upload"}),
}
_NEW_CASE = {
    **_CASE_PAGE,
    "act_line": None,
    "deadlines": (),
    "standing": (),
    "steps": (),
    "problem": None,
    "dossiers": (),
    "meetings": (),
    "assignment": None,
    "may": frozenset(),
}


def _waiting(title: str, state: str, due: tuple[int, int], *, chosen: bool = False) -> Value:
    return Value(
        id="c" * 26,
        title=title,
        facts=("平舆县", "侦查", "在押", "未成年人"),
        state=state,
        due_at=at(*due),
        article="法律援助法第三十六条",
        href="/cooperation?case=c",
        chosen=chosen,
    )


def _candidate(name: str, total: int, *parts: tuple[str, float]) -> Value:
    return Value(
        account_id=name,
        name=name,
        place="驻马店",
        load_percent=58,
        total=total,
        parts=parts,
        reasons=(("未成年人案 {count} 件。", {"count": 9}), ("占用升到 {percent}%。", {"percent": 64})),
        assign="/cases/c/assign",
    )


_BOARD = {
    "counts": Value(waiting=4, due_today=1),
    "cases": (
        _waiting("抢劫", "overdue", (27, 18), chosen=True),
        _waiting("盗窃", "due_soon", (29, 18)),
        _waiting("诈骗", "ok", (30, 18)),
    ),
    "chosen": Value(
        id="c" * 26,
        title="抢劫",
        facts=("平舆县", "侦查"),
        deadline=DEADLINES[1],
        version=1,
        kinds=(("lead", "主办"), ("assisting", "协办")),
    ),
    "candidates": (
        _candidate("罗某", 86, *_PARTS),
        _candidate("林某", 80, *_PARTS[:4], ("语言与性别", 0)),
        _candidate("周某", 71, *_PARTS[:3], ("临近上限", -6)),
    ),
    "excluded": tuple(
        Value(
            name=f"{name}某",
            code="X-01",
            rule="利益冲突",
            words="同案{who}的辩护人",
            values={"who": "任某"},
            others=("X-05",),
        )
        for name in "许贺郭秦尤何吕施孔曹"
    ),
    "exclusion_counts": (("X-01", "利益冲突", 10),),
    "assigned": (Value(title="盗窃", lawyer="周某、林某", href="/cooperation?case=d"),),
    "awaiting": (
        Value(
            title="危险驾驶",
            lawyer="周某",
            kind="主办",
            since=at(27, 17),
            state="due_soon",
            due_at=at(28, 18),
            assignment_id="x" * 26,
            version=1,
        ),
        Value(
            title="诈骗",
            lawyer="林某",
            kind="协办",
            since=at(27, 17),
            state="ok",
            due_at=None,
            assignment_id="y" * 26,
            version=1,
        ),
    ),
    "decisions": ((at(28, 9, 5), "指派蒋某办熊某案", {}),),
    "problem": None,
}
_EMPTY_BOARD = {
    **_BOARD,
    "counts": Value(waiting=0, due_today=0),
    "cases": (),
    "chosen": None,
    "awaiting": (),
    "assigned": (),
    "decisions": (),
    "problem": NotAllowed(),
}
_ROWS = tuple(
    Value(
        id="c" * 26,
        recipient=name,
        offence="故意伤害",
        number="驻法援刑〔2026〕0187号",
        agency="平舆县检察院",
        stage="审查起诉",
        to_do="提交法律意见书",
        lawyer=lawyer,
        state=state,
        deadline="指派律师",
        due_at=due,
    )
    for name, lawyer, state, due in (
        ("赵某", "周某", "overdue", at(27)),
        ("张某", "", "due_soon", at(29)),
        ("吴某", "林某", "ok", at(8, month=10)),
        ("孟某", "林某", None, None),
    )
)
_AGENDA = (
    Value(starts_at=at(28, 8, 30), title="刘某", place="上蔡县看守所", status="held", href=None),
    Value(
        starts_at=at(28, 9, 30), title="张某", place="平舆县看守所 1 号终端", status="confirmed", href="/m"
    ),
    Value(starts_at=at(28, 16, 30), title="冯某", place="上蔡县看守所", status="requested", href=None),
)
_HOME = {
    "counts": Value(meetings=3, overdue=1, due_soon=2, cases=4),
    "act_line": Value(
        title="郑某某案等您接受指派", words="最迟今天 18:00。", href="/cases/c", button="去回复"
    ),
    "offers": (
        Value(href="/assignments/x", offence="危险驾驶", kind="主办", since=at(27, 17), clock=DEADLINES[1]),
        Value(href="/assignments/y", offence="盗窃", kind="协办", since=at(28, 8), clock=None),
    ),
    "deadlines": DEADLINES,
    "cases": _ROWS,
    "agenda": _AGENDA,
}
_NO_WORK = {
    "counts": Value(meetings=0, overdue=0, due_soon=0, cases=0),
    "act_line": None,
    "offers": (),
    "deadlines": (),
    "cases": (),
    "agenda": (),
}
_DOSSIER_ID = DossierId("d" * 26)
_OFFER = {
    "case": CASE,
    "stages": _STAGES,
    "kind": "主办",
    "offer": Value(id="x" * 26, version=1),
    "deadlines": DEADLINES[:1],
    "assignment": _ASSIGNMENT,
    "reasons": (("conflict", "利益冲突"), ("other", "其他")),
    "problem": InvalidInput(fields=(FieldError("note", "missing", "选“其他”时请写明原因"),)),
}
_READER = {
    "case": Value(id="c" * 26, offence="故意伤害"),
    "recipient": "张某",
    "dossier": Dossier(
        id=_DOSSIER_ID,
        case_id=CaseId("c" * 26),
        title="诉讼证据卷 第一册",
        filename="证据卷.pdf",
        size_bytes=1,
        sha256="0" * 64,
        status=DossierStatus.READY,
        received_at=at(27, 8),
        received_from=AccountId("a" * 26),
        page_count=186,
        outline=(
            OutlineEntry(level=1, title="一、受案与立案", page=1),
            OutlineEntry(level=2, title="讯问笔录（一）", page=30),
        ),
    ),
    "failure": None,
    "number": 37,
    "page": Page(dossier_id=_DOSSIER_ID, number=37),
    "page_failure": None,
    "annotations": (
        Value(
            page=37, meaning="doubt", comment="核对同步录音录像。", author_name="周某", changed_at=at(28, 8)
        ),
        Value(
            page=38, meaning="procedure", comment="先于立案讯问。", author_name="林某", changed_at=at(27, 8)
        ),
    ),
    "may_write": True,
}
_READER_WAITING = _READER | {"page": None, "annotations": (), "may_write": False}
_READER_REFUSED = _READER_WAITING | {"failure": "文件是空的。请核对选中的文件，重新扫描或拷贝后上传。"}
_LIST = {"cases": _ROWS, "counts": Value(all=4, unassigned=1, overdue=1)}
_NO_LIST = {"cases": (), "counts": Value(all=0, unassigned=0, overdue=0)}

CASES = (
    Sample(name="home-lawyer", template="home/lawyer.html", identity=LAWYER, path="/cases", context=_HOME),
    Sample(name="home-new", template="home/lawyer.html", identity=LAWYER, path="/cases", context=_NO_WORK),
    Sample(name="cases", template="cases/list.html", identity=INSTITUTION, path="/cases", context=_LIST),
    Sample(name="cases-none", template="cases/list.html", identity=AGENCY, path="/cases", context=_NO_LIST),
    Sample(name="case", template="cases/case.html", identity=LAWYER, path="/cases/c", context=_CASE_PAGE),
    Sample(name="case-new", template="cases/case.html", identity=AGENCY, path="/cases/c", context=_NEW_CASE),
    Sample(name="offer", template="cases/offer.html", identity=LAWYER, path="/assignments/x", context=_OFFER),
    Sample(
        name="notice",
        template="cases/notice.html",
        identity=AGENCY,
        path="/notices/new",
        context={
            "form": {"key": "k" * 26, "agency_number": "平检刑诉受〔2026〕126号", "life_or_death": "on"},
            "problem": InvalidInput(fields=(FieldError("recipient_name", "missing", "请填写这一项"),)),
            "stages": (("investigation", "侦查"),),
            "procedures": (("ordinary", "普通程序"),),
            "reasons": (("minor", "未成年人"),),
            "genders": (("male", "男"),),
            "facilities": (("平舆县看守所", "平舆县看守所"),),
        },
    ),
    Sample(
        name="board",
        template="cooperation/board.html",
        identity=COORDINATOR,
        path="/cooperation",
        context=_BOARD,
    ),
    Sample(
        name="board-empty",
        template="cooperation/board.html",
        identity=COORDINATOR,
        path="/cooperation",
        context=_EMPTY_BOARD,
    ),
    *(
        Sample(name=name, template="casefiles/reader.html", identity=LAWYER, path="/cases/c", context=context)
        for name, context in (
            ("reader", _READER),
            ("reader-waiting", _READER_WAITING),
            ("reader-refused", _READER_REFUSED),
        )
    ),
    Sample(
        name="dossiers",
        template="casefiles/dossiers.html",
        identity=LAWYER,
        path="/cases/c/dossiers",
        context={
            "case": _READER["case"],
            "recipient": "张某",
            "dossiers": _DOSSIERS,
            "may_add": True,
            "unfinished": [
                Upload(
                    id=UploadId("u" * 26),
                    case_id=CaseId("c" * 26),
                    account_id=AccountId("a" * 26),
                    title="诉讼证据卷 第三册",
                    filename="诉讼证据卷第三册（平舆县公安局移送）.pdf",
                    length_bytes=400_000_000,
                    offset=123_000_000,
                    expected_sha256=None,
                    created_at=NOW,
                    expires_at=NOW + timedelta(days=6),
                )
            ],
        },
    ),
)
