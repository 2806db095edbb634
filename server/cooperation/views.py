"""What the coordinator's board shows: metadata and reasons, never the name of somebody defended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.cases.deadline_views import STATES, DeadlineView, deadline_view
from server.cases.model import Assignment, AssignmentKind, AssignmentStatus, Case
from server.cases.wording import FACTORS, KINDS, STAGES, Words, reason_of
from server.cooperation.model import Candidate, Excluded
from server.cooperation.policy import lead
from server.cooperation.rules import EXCLUSION_RULES, explain, rules_of
from server.cooperation.service import Board, BoardCase
from server.kernel.clock import local_date
from server.kernel.errors import N_
from server.kernel.ids import AccountId, AssignmentId, CaseId
from server.people.model import Account, Organisation

_CANDIDATES = 8
"""How many suggestions are shown."""
_DECISIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """A case that waits for a lawyer."""

    id: CaseId
    title: str
    facts: tuple[str, ...]
    state: str
    due_at: datetime
    article: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenView:
    """The case that lawyers are weighed for."""

    id: CaseId
    title: str
    facts: tuple[str, ...]
    deadline: DeadlineView | None
    version: int
    kinds: tuple[tuple[AssignmentKind, str], ...]
    """As what a lawyer can be added now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateView:
    """A suggested lawyer."""

    account_id: AccountId
    name: str
    place: str
    load_percent: int
    total: int
    parts: tuple[tuple[str, float], ...]
    reasons: tuple[Words, ...]
    assign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedView:
    """A lawyer who can't be proposed, and the first rule that says so."""

    name: str
    code: str
    rule: str
    words: str
    values: Mapping[str, object]
    others: tuple[str, ...]
    """Codes of further rules; empty if this one alone stands in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitingView:
    """A proposal that waits for an answer."""

    title: str
    lawyer: str
    kind: str
    since: datetime
    state: str
    due_at: datetime | None
    assignment_id: AssignmentId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedView:
    """A case that has its lead."""

    title: str
    lawyer: str
    href: str


def board_context(board: Board, *, now: datetime, account_id: AccountId | None) -> dict[str, Any]:
    """Return what `cooperation/board.html` shows."""
    today = local_date(now)
    due_today = (entry for entry in board.waiting if entry.clock and entry.clock.deadline.due_on == today)
    return {
        "counts": {"waiting": len(board.waiting), "due_today": sum(1 for _ in due_today)},
        "cases": tuple(view for entry in board.waiting if (view := _waiting(entry, board)) is not None),
        "chosen": _chosen(board),
        "candidates": _candidates(board),
        "excluded": _excluded(board, now),
        "exclusion_counts": _exclusion_counts(board),
        "awaiting": tuple(_awaiting(entry, each, board) for entry in board.pending for each in entry.pending),
        "assigned": tuple(_assigned(entry, board.accounts) for entry in board.assigned),
        "decisions": _decisions(board, account_id),
    }


def _title(case: Case) -> str:
    return f"{case.offence} {case.number}"


def _facts(case: Case, organisations: Mapping[str, Organisation]) -> tuple[str, ...]:
    """Return what is told of a case: place, stage, custody and what it needs, no name."""
    institution = organisations[case.institution_id].name
    flags = {
        N_("在押"): case.in_custody,
        N_("未成年人"): case.minor,
        N_("可能判处无期徒刑、死刑"): case.life_or_death,
        N_("需要翻译"): case.language != "zh",
        N_("有同案人"): case.co_accused > 0,
    }
    return (
        institution.removesuffix("法律援助中心"),
        STAGES[case.stage],
        *(flag for flag, holds in flags.items() if holds),
    )


def _href(case: Case) -> str:
    return f"/cooperation?case={case.id}"


def _waiting(entry: BoardCase, board: Board) -> WaitingView | None:
    clock = entry.clock
    if clock is None:
        return None
    return WaitingView(
        id=entry.case.id,
        title=_title(entry.case),
        facts=_facts(entry.case, board.organisations),
        state=STATES[clock.state],
        due_at=clock.deadline.due_at,
        article=clock.deadline.rule.citation,
        href=_href(entry.case),
        chosen=board.chosen is not None and board.chosen.case.id == entry.case.id,
    )


def _chosen(board: Board) -> ChosenView | None:
    if board.chosen is None:
        return None
    entry = board.chosen
    led = lead(entry.assignments) is not None or any(
        each.kind is AssignmentKind.LEAD for each in entry.pending
    )
    return ChosenView(
        id=entry.case.id,
        title=_title(entry.case),
        facts=_facts(entry.case, board.organisations),
        deadline=deadline_view(entry.clock) if entry.clock else None,
        version=entry.case.version,
        kinds=tuple(
            (kind, words) for kind, words in KINDS.items() if not (led and kind is AssignmentKind.LEAD)
        ),
    )


def _candidates(board: Board) -> tuple[CandidateView, ...]:
    if board.weighing is None:
        return ()
    case_id = board.weighing.case.id
    return tuple(
        _candidate(each, case_id, board) for each in board.weighing.suggestion.candidates[:_CANDIDATES]
    )


def _candidate(candidate: Candidate, case_id: CaseId, board: Board) -> CandidateView:
    account = board.accounts[candidate.account_id]
    reasons = (reason_of(part) for part in candidate.parts)
    return CandidateView(
        account_id=candidate.account_id,
        name=account.name,
        place=_place(account, board.organisations),
        load_percent=round(100 * candidate.load / candidate.cap) if candidate.cap else 100,
        total=round(candidate.total),
        parts=tuple((FACTORS[part.factor], part.points) for part in candidate.parts),
        reasons=tuple(reason for reason in reasons if reason),
        assign=f"/cooperation/cases/{case_id}/assign",
    )


def _place(account: Account, organisations: Mapping[str, Organisation]) -> str:
    organisation = organisations.get(account.organisation_id) if account.organisation_id else None
    return organisation.name if organisation else account.title


def _excluded(board: Board, now: datetime) -> tuple[ExcludedView, ...]:
    if board.weighing is None:
        return ()
    pool = {each.lawyer.account_id: each for each in board.weighing.pool}

    def view(excluded: Excluded) -> ExcludedView:
        weighed = pool[excluded.account_id]
        first, *others = rules_of(excluded.rules)
        return ExcludedView(
            name=board.accounts[excluded.account_id].name,
            code=first.code,
            rule=first.name,
            words=first.words,
            values=explain(weighed.lawyer, weighed.standing, local_date(now)),
            others=tuple(rule.code for rule in others),
        )

    return tuple(view(each) for each in board.weighing.suggestion.excluded)


def _exclusion_counts(board: Board) -> tuple[tuple[str, str, int], ...]:
    """Return how many lawyers each rule excludes: code, name, count, without those that exclude nobody."""
    if board.weighing is None:
        return ()
    counts = board.weighing.suggestion.counts
    return tuple((rule.code, rule.name, counts[rule.flag]) for rule in EXCLUSION_RULES if counts[rule.flag])


def _awaiting(entry: BoardCase, assignment: Assignment, board: Board) -> AwaitingView:
    clock = entry.clock
    return AwaitingView(
        title=_title(entry.case),
        lawyer=board.accounts[assignment.account_id].name,
        kind=KINDS[assignment.kind],
        since=assignment.proposed_at,
        state=STATES[clock.state] if clock else "ok",
        due_at=clock.deadline.due_at if clock else None,
        assignment_id=assignment.id,
        version=assignment.version,
    )


def _assigned(entry: BoardCase, accounts: Mapping[AccountId, Account]) -> AssignedView:
    names = [accounts[each.account_id].name for each in entry.assignments if each.open]
    return AssignedView(title=_title(entry.case), lawyer="、".join(names), href=_href(entry.case))


def _decisions(
    board: Board, account_id: AccountId | None
) -> tuple[tuple[datetime, str, Mapping[str, object]], ...]:
    """Return the reader's own latest proposals and what became of them."""
    entries = {entry.case.id: entry for entry in (*board.waiting, *board.pending, *board.assigned)}
    made = sorted(
        (
            (each.proposed_at, each, entry.case)
            for entry in entries.values()
            for each in entry.assignments
            if each.proposed_by is not None and each.proposed_by == account_id
        ),
        key=lambda decision: decision[0],
        reverse=True,
    )
    return tuple(
        (at, _outcome(each), {"name": board.accounts[each.account_id].name, "case": _title(case)})
        for at, each, case in made[:_DECISIONS]
    )


def _outcome(assignment: Assignment) -> str:
    match assignment.status:
        case AssignmentStatus.PROPOSED | AssignmentStatus.PINNED:
            return N_("提议{name}承办 {case}，等回复")
        case AssignmentStatus.ACCEPTED | AssignmentStatus.ACTIVE:
            return N_("{name}已接受 {case}")
        case AssignmentStatus.DECLINED:
            return N_("{name}退回了 {case}")
        case AssignmentStatus.ENDED:
            return N_("{name}的指派已结束：{case}")
