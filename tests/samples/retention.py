"""Pages of how cases end and are kept."""

from dataclasses import replace
from datetime import date

from server.cases.lifecycle import CaseStep
from server.cases.model import CaseStatus, Gender, Party, PartyKind
from server.cases.wording import STATUSES
from server.kernel.identity import Role
from server.kernel.ids import AccountId, AssessmentId, HoldId, PartyId
from server.retention.keeping import KeptCase, ShelfPage
from server.retention.model import (
    Assessment,
    Hold,
    HoldReason,
    PlannedErasure,
    RecordKind,
    Seal,
    SealGround,
    Shelf,
)
from server.retention.periods import known_periods
from server.retention.policy import GRACE, OPENED_FOR, OnHold
from server.retention.wording import ENDS, GROUNDS, KINDS, PURPOSES, REASONS, SHELVES
from tests.factories import case
from tests.samples.values import INSTITUTION, NOW, Sample, at, someone

_PERIOD = known_periods()[RecordKind.CASE]
_CASE = case(status=CaseStatus.ARCHIVED, minor=True, closed_at=at(1))
_SEALED = replace(case(status=CaseStatus.PAID, minor=True, closed_at=at(2)), sealed_at=at(3))
_ERASED = replace(case(status=CaseStatus.TERMINATED, closed_at=at(4)), erased_at=NOW)
_WHO = AccountId("a" * 26)
_RECIPIENT = Party(
    id=PartyId("p" * 26), case_id=_CASE.id, kind=PartyKind.RECIPIENT, name="庞某", gender=Gender.MALE
)
_HOLD = Hold(
    id=HoldId("h" * 26),
    case_id=_CASE.id,
    reason=HoldReason.COMPLAINT,
    reference="豫司惩〔2026〕12号",
    placed_by=_WHO,
    placed_at=at(5),
)
_KEPT = KeptCase(
    case=_CASE,
    recipient=_RECIPIENT,
    period=_PERIOD,
    until=date(2036, 9, 1),
    holds=(_HOLD, replace(_HOLD, reason=HoldReason.PETITION, lifted_by=_WHO, lifted_at=at(6))),
    seal=None,
    planned=None,
    ends=(),
)


def _page(name: str, found: KeptCase, **context: object) -> Sample:
    return Sample(
        name=f"retention-{name}",
        template="retention/case.html",
        identity=INSTITUTION,
        path=f"/cases/{_CASE.id}/retention",
        context={
            "found": found,
            "case_id": _CASE.id,
            "is_over": False,
            "words": STATUSES[found.case.status],
            "ends": tuple((step, *ENDS[step]) for step in found.ends),
            "names": {_WHO: "冯某"},
            "reasons": tuple(REASONS.items()),
            "grounds": tuple(GROUNDS.items()),
            "purposes": tuple(PURPOSES.items()),
            "grace_days": GRACE.days,
            "opened_days": OPENED_FOR.days,
            "typed": {},
            "problem": None,
        }
        | context,
    )


def _shelf(shelf: Shelf, *, following: bool = False) -> Sample:
    cases = (_CASE, _SEALED, _ERASED) if shelf is Shelf.ALL else ()
    return Sample(
        name=f"kept-cases-{shelf}",
        template="retention/shelf.html",
        identity=INSTITUTION,
        path="/kept-cases",
        context={
            "found": ShelfPage(
                shelf=shelf,
                cases=cases,
                recipients={_CASE.id: _RECIPIENT},
                period=_PERIOD,
                proofs={_ERASED.id: 2841},
                following=_ERASED.id if following else None,
            ),
            "shelves": tuple(SHELVES.items()),
            "statuses": STATUSES,
            "grace_days": GRACE.days,
        },
    )


_ASSESSMENT = Assessment(
    id=AssessmentId("s" * 26),
    title="远程会见终端的摄像头与麦克风",
    concluded_on=date(2026, 9, 1),
    conclusion="声音与画面端到端加密，不录音录像；民警连接没有声音。剩余风险：终端屏幕可被旁人看见，已要求隔间。",
    recorded_by=_WHO,
    recorded_at=at(2),
)


def _periods(name: str, role: Role, *, empty: bool = False) -> Sample:
    return Sample(
        name=f"periods-{name}",
        template="retention/periods.html",
        identity=someone(role, "曹某"),
        path="/periods",
        context={
            "periods": tuple((*KINDS[kind], period) for kind, period in known_periods().items()),
            "case_period": _PERIOD,
            "longest": 1200,
            "assessments": () if empty else (_ASSESSMENT,),
            "names": {_WHO: "金某"},
            "today": date(2026, 9, 28),
            "typed": {},
            "problem": None,
        },
    )


RETENTION = (
    _page("kept", _KEPT),
    _page(
        "open",
        replace(
            _KEPT,
            case=replace(_CASE, closed_at=None, status=CaseStatus.ENGAGED),
            until=None,
            holds=(),
            ends=(CaseStep.CLOSE, CaseStep.TERMINATE),
        ),
    ),
    _page("over", replace(_KEPT, until=date(2026, 9, 1)), is_over=True, problem=OnHold()),
    _page(
        "planned",
        replace(
            _KEPT,
            holds=(),
            planned=PlannedErasure(
                case_id=_CASE.id, planned_by=_WHO, planned_at=at(27), due_at=at(27) + GRACE
            ),
        ),
        is_over=True,
    ),
    _page(
        "sealed",
        replace(
            _KEPT,
            case=_SEALED,
            recipient=None,
            seal=Seal(case_id=_SEALED.id, ground=SealGround.SENTENCE, sealed_by=_WHO, sealed_at=at(3)),
        ),
    ),
    _shelf(Shelf.ALL, following=True),
    _shelf(Shelf.EXPIRED),
    _periods("operator", Role.SYSTEM_ADMIN),
    _periods("keeper", Role.SECURITY_ADMIN, empty=True),
)
