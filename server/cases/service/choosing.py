"""The operator decides what the law leaves open; every deadline is counted anew, and what it was is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.cases.deadlines.choices import ANSWERS, Choice, Choices, Question, choices_of
from server.cases.events import CountingChosen
from server.cases.ports import CasesTx
from server.kernel.clock import Clock
from server.kernel.errors import N_, FieldError, InvalidInput
from server.kernel.identity import Identity
from server.kernel.permissions import Action, Relation, require
from server.people.directory import names_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is decided, and by whom it ever was."""

    choices: Choices
    history: tuple[Choice, ...]
    """The last first."""
    names: Mapping[str, str]
    """Who the actors are, as far as it is known."""


async def open_choices(identity: Identity, tx: CasesTx) -> Decided:
    """Return what is decided."""
    require(identity.role, Action.EDIT_CALENDAR, Relation.NO_RECORD)
    history = await tx.cases.choices()
    return Decided(
        choices=choices_of(history),
        history=tuple(reversed(history)),
        names=await names_of(frozenset(each.actor for each in history), tx),
    )


async def choose(question: Question, answer: str, identity: Identity, tx: CasesTx, clock: Clock) -> None:
    """Decide a question; what was decided already is not decided again.

    Raises:
        InvalidInput: the answer is none to this question.
    """
    require(identity.role, Action.EDIT_CALENDAR, Relation.NO_RECORD)
    if answer not in set(ANSWERS[question]):
        raise InvalidInput(fields=(FieldError(question, "unknown", N_("请从给定的选项中选择")),))
    if choices_of(await tx.cases.choices()).answer(question) == answer:
        return
    await tx.cases.add_choice(
        Choice(question=question, answer=answer, actor=identity.actor, chosen_at=clock.now())
    )
    tx.record(CountingChosen(actor=identity.actor, question=question, answer=answer))
