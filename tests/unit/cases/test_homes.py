"""Every rule runs somewhere: on a case, by an event that somebody can tell, or it says where it belongs."""

from datetime import UTC, datetime, timedelta

import pytest

from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.engine import Clock, ClockState, Situation, clocks, standing
from server.cases.deadlines.rules import DeadlineRule, rule_set
from server.cases.model import Stage
from server.cases.policy import DUTIES_AFTER_CLOSING, bears, recordable_by
from server.cases.service.progress import offered_now, recordable_at
from server.cases.vocabulary import AFTER_CLOSING, BROUGHT_BY_NOTICES, OF_INSTITUTION, STANDING, WRITTEN_DOWN
from server.cases.wording import DUTIES, STANDING_RULES
from server.kernel.identity import Role
from tests.factories import case

RULES = rule_set()
SEEN_BY_PLATFORM = {
    "agency_found_art25_1_or_art28",
    "agreement_signed",
    "firm_arranged_or_received_assignment",
    "first_meeting_held",
    "lai_received_agency_notice",
    "lai_received_defence_letter",
    "lawyer_accepted_assignment",
    "lawyer_assigned",
    "lawyer_presented_three_documents",
    "papers_filed",
    "prosecution_extended_category_found",
}
"""What intake, assigning, meetings and the lawyers' steps record; their own tests show that they do."""
AT = datetime(2026, 9, 21, 1, tzinfo=UTC)
ON_CASES = [rule for rule in RULES.rules if rule.id not in RULES.elsewhere]
OF_NO_CASE = {"M06", "M07", "P01", "P02", "P03", "S09", "S10", "S11", "S12"}


def can_be_told(key: str, stage: Stage) -> bool:
    """Tells whether the platform records the event, or somebody who works on the case may."""
    told = recordable_by(Role.LAWYER, case()) | recordable_by(Role.LEGAL_AID_OFFICER, case())
    return key in SEEN_BY_PLATFORM or (key in told and key in recordable_at(stage))


def test_only_what_is_about_no_case_runs_on_none_and_says_so() -> None:
    assert set(RULES.elsewhere) == OF_NO_CASE
    assert all(RULES.elsewhere.values())


@pytest.mark.parametrize("rule", [rule for rule in ON_CASES if rule.measured], ids=lambda rule: rule.id)
def test_each_measured_rule_runs_on_a_case_by_what_can_be_told_of_it(rule: DeadlineRule) -> None:
    clock = next(each for each in RULES.clocks if rule in each.rules)
    for stage in rule.stages:
        needed = {rule.trigger, rule.condition} - {""}
        assert all(can_be_told(key, stage) for key in needed)
        assert any(can_be_told(key, stage) for key in clock.done)
        situation = Situation(
            stage=stage, facts=dict.fromkeys(needed, AT), procedure=next(iter(rule.procedures))
        )
        found = next(each for each in counted(situation) if each.key == clock.key)
        assert rule in {each.rule for each in (found.deadline, *found.others)}
        for key in clock.done:
            ended = Situation(
                stage=stage,
                facts={**situation.facts, key: AT + timedelta(hours=1)},
                procedure=situation.procedure,
            )
            assert not next(each for each in counted(ended) if each.key == clock.key).running


@pytest.mark.parametrize("rule", [rule for rule in ON_CASES if not rule.measured], ids=lambda rule: rule.id)
def test_each_rule_without_an_end_is_shown_on_a_case_from_when_it_holds(rule: DeadlineRule) -> None:
    assert rule.id in STANDING_RULES
    for stage in rule.stages:
        assert rule.trigger in STANDING or can_be_told(rule.trigger, stage)
        assert rule in standing(RULES, stage, {rule.trigger: AT})
        assert (rule in standing(RULES, stage, {})) == (rule.trigger in STANDING)
    assert not any(rule in standing(RULES, stage, {rule.trigger: AT}) for stage in set(Stage) - rule.stages)


def test_what_a_rule_needs_besides_its_trigger_is_waited_for() -> None:
    facts = {"procuratorate_received_case_file": AT}
    situation = Situation(stage=Stage.PROSECUTION_REVIEW, facts=facts)
    known = Situation(stage=Stage.PROSECUTION_REVIEW, facts={**facts, "victim_known": AT})
    assert "tell_victim" not in {each.key for each in counted(situation)}
    assert "tell_victim" in {each.key for each in counted(known)}


def test_of_each_hearing_notice_is_served_anew_but_the_indictment_once() -> None:
    first, second = AT + timedelta(days=20), AT + timedelta(days=50)
    served = {"hearing_notice_served": AT, "indictment_served": AT}
    once = Situation(stage=Stage.FIRST_INSTANCE, facts={"before_hearing": first, **served})
    again = Situation(
        stage=Stage.FIRST_INSTANCE,
        facts={"before_hearing": second, **served},
        earlier={"before_hearing": (first,)},
    )
    assert running(once) == {"hand_in_evidence", "tell_of_hearing", "write_outline", "ask_for_exclusion"}
    assert running(again) == running(once) | {"serve_hearing_notice"}
    facts = {**again.facts, "hearing_notice_served": first + timedelta(days=1)}
    assert "serve_hearing_notice" not in running(
        Situation(stage=again.stage, facts=facts, earlier=again.earlier)
    )


def test_a_report_is_due_again_after_each_and_never_alarms() -> None:
    facts = {"lawyer_accepted_assignment": AT}
    situation = Situation(stage=Stage.INVESTIGATION, facts=facts)
    reported = Situation(stage=Stage.INVESTIGATION, facts={**facts, "periodic": AT + timedelta(days=29)})
    ends = [
        next(each.deadline.due_at for each in counted(each) if each.key == "report_progress")
        for each in (situation, reported)
    ]
    assert ends[1] - ends[0] > timedelta(days=28)
    late = clocks(RULES, situation, calendar=Calendar(), now=AT + timedelta(days=99))
    assert next(each for each in late if each.key == "report_progress").state is ClockState.UNVERIFIED_PAST


def test_what_the_institution_does_itself_only_it_tells() -> None:
    open_case = case()
    assert recordable_by(Role.LAWYER, open_case) == WRITTEN_DOWN - OF_INSTITUTION
    assert recordable_by(Role.LEGAL_AID_OFFICER, open_case) == WRITTEN_DOWN
    assert OF_INSTITUTION | AFTER_CLOSING | BROUGHT_BY_NOTICES <= WRITTEN_DOWN


def test_only_duties_after_closing_run_by_what_is_told_then() -> None:
    begun_after = {clock.key for clock in RULES.clocks if any(key in AFTER_CLOSING for key in clock.done)}
    assert begun_after == DUTIES_AFTER_CLOSING


def test_nobody_is_offered_the_end_of_what_never_began() -> None:
    ending, offered = offered_now(Stage.FIRST_INSTANCE, (), ())
    assert not ending
    assert "before_hearing" in offered
    assert not {"hearing_notice_served", "evidence_decided", "treatment_decided"} & offered
    facts = {"before_hearing": AT + timedelta(days=20), "hearing_notice_served": AT}
    found = counted(Situation(stage=Stage.FIRST_INSTANCE, facts=facts))
    ending, offered = offered_now(Stage.FIRST_INSTANCE, found, facts)
    assert {"indictment_served", "outline_written"} <= ending
    assert "hearing_notice_served" in offered, "it can be corrected"
    assert not ending & offered


@pytest.mark.parametrize("stage", list(Stage))
def test_the_form_stays_short_whatever_the_stage(stage: Stage) -> None:
    _, offered = offered_now(stage, (), ())
    assert len(offered) <= 32


def test_every_duty_reaches_somebody() -> None:
    roles = (Role.LAWYER, Role.LEGAL_AID_OFFICER, Role.AGENCY_OFFICER, Role.FACILITY_OFFICER)
    assert all(any(bears(bearer, role) for role in roles) for _, bearer in DUTIES.values())


def counted(situation: Situation) -> tuple[Clock, ...]:
    return clocks(RULES, situation, calendar=Calendar(), now=AT)


def running(situation: Situation) -> set[str]:
    return {each.key for each in counted(situation) if each.running}
