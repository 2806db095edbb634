"""The life cycles of a case and of an assignment, as literal tables.

Theory of operation of a case::

    noticed ──────────────┐                        ┌─▶ refused        an application that is not granted
    applied ─▶ accepted ──┴─▶ assigned ─▶ engaged ─▶ preparing ─▶ hearing ─▶ awaiting_judgment
       ▲          │              │ ▲         │           │                        │
       └ returned ◀              ▼ │         └───────────┴──── closing ◀──────────┘
                              replaced                            └─▶ archived ─▶ paid

A notice needs no examination: the institution must assign within three days (Legal Aid Law 36), so a
noticed case may be assigned at once; an application is accepted first (43). A case is *assigned* when the
lead lawyer has accepted and *engaged* when they have met the recipient. From each state that is worked on
legal aid may end (`terminate`, Legal Aid Law 48) or the case may go on to the next stage
(`transfer_stage`), where it becomes a case of its own.

What is in no row can't happen; `next_status` says so by name.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from server.cases.model import AssignmentStatus, CaseStatus
from server.kernel.errors import N_, DomainError, Kind


class CaseStep(StrEnum):
    """What can be done to a case's status."""

    ACCEPT = "accept"
    RETURN = "return"
    RESUBMIT = "resubmit"
    REFUSE = "refuse"
    ASSIGN = "assign"
    ENGAGE = "engage"
    PREPARE = "prepare"
    HEAR = "hear"
    AWAIT_JUDGMENT = "await_judgment"
    CLOSE = "close"
    ARCHIVE = "archive"
    PAY = "pay"
    REPLACE = "replace"
    TERMINATE = "terminate"
    TRANSFER_STAGE = "transfer_stage"


class AssignmentStep(StrEnum):
    """What can be done to an assignment's status."""

    PIN = "pin"
    ACCEPT = "accept"
    DECLINE = "decline"
    BEGIN = "begin"
    END = "end"


class WrongStep(DomainError):
    """The record is not in a state in which this can be done."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "wrong-step"
    title: ClassVar[str] = N_("现在不能做这一步")
    advice: ClassVar[str] = N_("这件事的状态已经变了。请刷新页面，按最新状态办理。")


_C, _S = CaseStatus, CaseStep

CASE_STEPS: Mapping[CaseStatus, Mapping[CaseStep, CaseStatus]] = {
    _C.NOTICED: {_S.ACCEPT: _C.ACCEPTED, _S.RETURN: _C.RETURNED, _S.ASSIGN: _C.ASSIGNED,
                 _S.TERMINATE: _C.TERMINATED, _S.TRANSFER_STAGE: _C.STAGE_TRANSFERRED},
    _C.APPLIED: {_S.ACCEPT: _C.ACCEPTED, _S.RETURN: _C.RETURNED, _S.REFUSE: _C.REFUSED},
    _C.RETURNED: {_S.RESUBMIT: _C.NOTICED, _S.TERMINATE: _C.TERMINATED},
    _C.ACCEPTED: {_S.ASSIGN: _C.ASSIGNED, _S.TERMINATE: _C.TERMINATED,
                  _S.TRANSFER_STAGE: _C.STAGE_TRANSFERRED},
    _C.ASSIGNED: {_S.ENGAGE: _C.ENGAGED, _S.REPLACE: _C.REPLACED, _S.TERMINATE: _C.TERMINATED,
                  _S.TRANSFER_STAGE: _C.STAGE_TRANSFERRED},
    _C.ENGAGED: {_S.PREPARE: _C.PREPARING, _S.HEAR: _C.HEARING, _S.CLOSE: _C.CLOSING,
                 _S.REPLACE: _C.REPLACED, _S.TERMINATE: _C.TERMINATED,
                 _S.TRANSFER_STAGE: _C.STAGE_TRANSFERRED},
    _C.PREPARING: {_S.HEAR: _C.HEARING, _S.CLOSE: _C.CLOSING, _S.REPLACE: _C.REPLACED,
                   _S.TERMINATE: _C.TERMINATED, _S.TRANSFER_STAGE: _C.STAGE_TRANSFERRED},
    _C.HEARING: {_S.PREPARE: _C.PREPARING, _S.AWAIT_JUDGMENT: _C.AWAITING_JUDGMENT,
                 _S.REPLACE: _C.REPLACED, _S.TERMINATE: _C.TERMINATED},
    _C.AWAITING_JUDGMENT: {_S.PREPARE: _C.PREPARING, _S.CLOSE: _C.CLOSING, _S.REPLACE: _C.REPLACED,
                           _S.TERMINATE: _C.TERMINATED},
    _C.REPLACED: {_S.ASSIGN: _C.ASSIGNED, _S.TERMINATE: _C.TERMINATED,
                  _S.TRANSFER_STAGE: _C.STAGE_TRANSFERRED},
    _C.CLOSING: {_S.ARCHIVE: _C.ARCHIVED},
    _C.ARCHIVED: {_S.PAY: _C.PAID},
    _C.PAID: {},
    _C.REFUSED: {},
    _C.TERMINATED: {},
    _C.STAGE_TRANSFERRED: {},
}  # fmt: skip

_A, _T = AssignmentStatus, AssignmentStep

ASSIGNMENT_STEPS: Mapping[AssignmentStatus, Mapping[AssignmentStep, AssignmentStatus]] = {
    _A.PROPOSED: {_T.PIN: _A.PINNED, _T.ACCEPT: _A.ACCEPTED, _T.DECLINE: _A.DECLINED, _T.END: _A.ENDED},
    _A.PINNED: {_T.ACCEPT: _A.ACCEPTED, _T.DECLINE: _A.DECLINED, _T.END: _A.ENDED},
    _A.ACCEPTED: {_T.BEGIN: _A.ACTIVE, _T.END: _A.ENDED},
    _A.ACTIVE: {_T.END: _A.ENDED},
    _A.DECLINED: {},
    _A.ENDED: {},
}


def next_status(status: CaseStatus, step: CaseStep) -> CaseStatus:
    """Return the case's status after `step`.

    Raises:
        WrongStep: the table has no such move.
    """
    following = CASE_STEPS[status].get(step)
    if following is None:
        raise WrongStep
    return following


def can(status: CaseStatus, step: CaseStep) -> bool:
    """Tell whether the table has such a move."""
    return step in CASE_STEPS[status]


def next_assignment_status(status: AssignmentStatus, step: AssignmentStep) -> AssignmentStatus:
    """Return the assignment's status after `step`.

    Raises:
        WrongStep: the table has no such move.
    """
    following = ASSIGNMENT_STEPS[status].get(step)
    if following is None:
        raise WrongStep
    return following
