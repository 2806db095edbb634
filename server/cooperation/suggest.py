"""Ranks lawyers for a case: hard rules first, then the score; each lawyer comes out with reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.cases.model import Case
from server.cooperation.factors import Weights, score
from server.cooperation.model import Candidate, Excluded, Exclusion, LawyerProfile, Suggestion
from server.cooperation.rules import RULES_VERSION, Standing, exclusions


@dataclass(frozen=True, slots=True)
class Weighed:
    """A lawyer and how they stand to the case."""

    lawyer: LawyerProfile
    standing: Standing


def suggest(case: Case, pool: Iterable[Weighed], on: date, scale: Weights) -> Suggestion:
    """Weigh every lawyer of the pool; of equal scores the lighter load comes first, then the id."""
    excluded, scored = [], []
    for each in pool:
        found = exclusions(each.lawyer, each.standing, case, on)
        if found:
            excluded.append(Excluded(account_id=each.lawyer.account_id, rules=found))
        else:
            scored.append((score(each.lawyer, each.standing, case, on, scale), each))
    scored.sort(
        key=lambda pair: (
            -sum(part.points for part in pair[0]),
            pair[1].standing.load,
            pair[1].lawyer.account_id,
        )
    )
    return Suggestion(
        candidates=tuple(
            Candidate(
                account_id=each.lawyer.account_id,
                rank=rank,
                parts=parts,
                load=each.standing.load,
                cap=each.lawyer.cap,
            )
            for rank, (parts, each) in enumerate(scored, start=1)
        ),
        excluded=tuple(sorted(excluded, key=lambda each: (each.rules.bit_count(), each.rules))),
        rules_version=RULES_VERSION,
        weights_version=scale.version,
        counts={flag: sum(1 for each in excluded if flag & each.rules) for flag in Exclusion},
    )
