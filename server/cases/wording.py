"""How cases are told to people: the words of stages, reasons, duties, triggers and score parts, once."""

from collections.abc import Mapping

from server.cases.deadlines.choices import DaysBefore, PresumedDays, Question, Targets
from server.cases.model import (
    AssignmentKind,
    Bearer,
    CaseStatus,
    Cause,
    DeclineReason,
    DelayParty,
    EndReason,
    Gender,
    NoticeReason,
    Procedure,
    ScorePart,
    Stage,
)
from server.kernel.errors import N_

Words = tuple[str, Mapping[str, object]]
"""A message id and what fills its places."""

STAGES: Mapping[Stage, str] = {
    Stage.INVESTIGATION: N_("侦查"),
    Stage.ARREST_REVIEW: N_("审查逮捕"),
    Stage.PROSECUTION_REVIEW: N_("审查起诉"),
    Stage.FIRST_INSTANCE: N_("一审"),
    Stage.SECOND_INSTANCE: N_("二审"),
    Stage.DEATH_REVIEW: N_("死刑复核"),
    Stage.COMPULSORY_TREATMENT: N_("强制医疗"),
}
TRACK = (
    (Stage.INVESTIGATION, Stage.ARREST_REVIEW),
    (Stage.PROSECUTION_REVIEW,),
    (Stage.FIRST_INSTANCE,),
    (Stage.SECOND_INSTANCE,),
)
"""The way that most cases go; review of an arrest is a window inside the investigation."""

PROCEDURES: Mapping[Procedure, str] = {
    Procedure.ORDINARY: N_("普通程序"),
    Procedure.SUMMARY: N_("简易程序"),
    Procedure.FAST_TRACK: N_("速裁程序"),
}
STATUSES: Mapping[CaseStatus, str] = {
    CaseStatus.NOTICED: N_("已通知"),
    CaseStatus.APPLIED: N_("已申请"),
    CaseStatus.ACCEPTED: N_("已受理"),
    CaseStatus.RETURNED: N_("退回补正"),
    CaseStatus.ASSIGNED: N_("已指派"),
    CaseStatus.ENGAGED: N_("已会见"),
    CaseStatus.PREPARING: N_("准备辩护"),
    CaseStatus.HEARING: N_("开庭"),
    CaseStatus.AWAITING_JUDGMENT: N_("待裁判"),
    CaseStatus.CLOSING: N_("结案待审"),
    CaseStatus.ARCHIVED: N_("已归档"),
    CaseStatus.PAID: N_("已发补贴"),
    CaseStatus.REFUSED: N_("不予援助"),
    CaseStatus.REPLACED: N_("更换律师"),
    CaseStatus.TERMINATED: N_("已终止"),
    CaseStatus.STAGE_TRANSFERRED: N_("已转入下一阶段"),
}
REASONS: Mapping[NoticeReason, str] = {
    NoticeReason.MINOR: N_("通知辩护：未成年人"),
    NoticeReason.DISABILITY: N_("通知辩护：视力、听力、言语残疾人"),
    NoticeReason.IMPAIRED: N_("通知辩护：不能完全辨认自己行为的成年人"),
    NoticeReason.LIFE_OR_DEATH: N_("通知辩护：可能判处无期徒刑、死刑"),
    NoticeReason.DEATH_REVIEW: N_("通知辩护：死刑复核案件被告人申请"),
    NoticeReason.ABSENTIA: N_("通知辩护：缺席审判"),
    NoticeReason.COMPULSORY_TREATMENT: N_("通知代理：强制医疗"),
    NoticeReason.OTHER_LAW: N_("通知辩护：法律规定的其他情形"),
    NoticeReason.ORDINARY_PROCEDURE: N_("通知辩护：适用普通程序的其他被告人"),
    NoticeReason.FULL_COVERAGE: N_("通知辩护：全覆盖"),
}
GENDERS: Mapping[Gender, str] = {
    Gender.MALE: N_("男"),
    Gender.FEMALE: N_("女"),
    Gender.UNKNOWN: N_("未知"),
}
KINDS: Mapping[AssignmentKind, str] = {
    AssignmentKind.LEAD: N_("主办"),
    AssignmentKind.ASSISTING: N_("协办"),
    AssignmentKind.MENTOR: N_("带教"),
}
DECLINE_REASONS: Mapping[DeclineReason, str] = {
    DeclineReason.CONFLICT: N_("利益冲突"),
    DeclineReason.WORKLOAD: N_("在办案件过多"),
    DeclineReason.ILLNESS: N_("生病或其他个人原因"),
    DeclineReason.TRAVEL: N_("路途太远，又不能远程"),
    DeclineReason.OUTSIDE_FIELD: N_("不熟悉这类案件"),
    DeclineReason.OTHER: N_("其他"),
}
END_REASONS: Mapping[EndReason, str] = {
    EndReason.RECIPIENT_ASKED: N_("受援人请求更换"),
    EndReason.LAWYER_UNABLE: N_("律师不能继续承办"),
    EndReason.CONFLICT_FOUND: N_("发现利益冲突"),
    EndReason.RECIPIENT_RETAINED: N_("受援人自行委托了律师"),
    EndReason.QUALITY: N_("办案质量"),
    EndReason.CASE_CLOSED: N_("案件已结束"),
    EndReason.WITHDRAWN: N_("撤回指派"),
    EndReason.OTHER: N_("其他"),
}

DUTIES: Mapping[str, tuple[str, Bearer]] = {
    "notify_legal_aid": (N_("通知法律援助机构"), Bearer.AGENCY),
    "assign_lawyer": (N_("指派律师并通知办案机关"), Bearer.INSTITUTION),
    "meet_client": (N_("首次会见受援人"), Bearer.LAWYER),
    "arrange_meeting": (N_("安排会见"), Bearer.FACILITY),
    "sign_agreement": (N_("签订委托协议"), Bearer.LAWYER),
    "file_papers": (N_("向法院提交手续"), Bearer.LAWYER),
    "notify_custody": (N_("送看守所、通知家属并讯问"), Bearer.AGENCY),
    "notify_arrest": (N_("逮捕后通知家属并讯问"), Bearer.AGENCY),
    "request_arrest": (N_("提请批准逮捕"), Bearer.AGENCY),
    "decide_arrest": (N_("审查批准逮捕"), Bearer.AGENCY),
    "decide_change": (N_("决定是否变更强制措施"), Bearer.AGENCY),
    "investigate": (N_("侦查羁押期限"), Bearer.AGENCY),
    "supplement": (N_("补充侦查"), Bearer.AGENCY),
    "notify_duty_lawyer": (N_("通知值班律师"), Bearer.FACILITY),
    "permit_meeting": (N_("决定是否许可会见"), Bearer.AGENCY),
    "permit_interpreter": (N_("决定是否许可翻译人员"), Bearer.AGENCY),
    "give_file": (N_("安排阅卷"), Bearer.AGENCY),
    "decide_evidence": (N_("决定是否调取证据"), Bearer.AGENCY),
    "decide_contact": (N_("决定是否许可向被害人收集材料"), Bearer.AGENCY),
    "serve_indictment": (N_("送达起诉书副本"), Bearer.AGENCY),
    "serve_hearing_notice": (N_("送达开庭通知"), Bearer.AGENCY),
    "hand_in_evidence": (N_("提交证人名单和证据"), Bearer.LAWYER),
    "serve_judgment": (N_("送达判决书"), Bearer.AGENCY),
    "appeal": (N_("上诉期限"), Bearer.ACCUSED),
    "second_instance": (N_("二审审限"), Bearer.AGENCY),
    "hand_in_closing_file": (N_("提交结案材料"), Bearer.LAWYER),
    "review_for_prosecution": (N_("审查起诉期限"), Bearer.PROCURATORATE),
    "try_case": (N_("一审审限"), Bearer.AGENCY),
    "tell_of_hearing": (N_("送达法律援助通知书和起诉书副本"), Bearer.AGENCY),
    "write_outline": (N_("写出辩护提纲"), Bearer.LAWYER),
    "prepare_defence": (N_("准备辩护期间"), Bearer.LAWYER),
    "retain_anew": (N_("另行委托辩护人"), Bearer.ACCUSED),
    "decide_nonlawyer": (N_("决定非律师辩护人阅卷、会见"), Bearer.PROCURATORATE),
    "tell_rights": (N_("告知委托辩护和法律援助权利"), Bearer.AGENCY),
    "tell_victim": (N_("告知被害人委托诉讼代理人权利"), Bearer.PROCURATORATE),
    "pass_on_request": (N_("转达在押被告人的委托要求"), Bearer.AGENCY),
    "pass_on_application": (N_("转交法律援助申请"), Bearer.AGENCY),
    "duty_lawyer_passes_on": (N_("值班律师转交法律援助申请"), Bearer.DUTY_LAWYER),
    "notify_relatives": (N_("通知法定代理人、近亲属协助提供材料"), Bearer.AGENCY),
    "decide_application": (N_("审查法律援助申请"), Bearer.INSTITUTION),
    "decide_objection": (N_("审查不予或终止决定的异议"), Bearer.BUREAU),
    "notify_again": (N_("通知另行指派律师"), Bearer.AGENCY),
    "tell_of_refusal": (N_("通知法律援助机构（拒绝或自行委托）"), Bearer.AGENCY),
    "send_help_notice": (N_("送达提供法律帮助通知书"), Bearer.AGENCY),
    "arrange_duty_lawyer": (N_("确定值班律师并通知"), Bearer.INSTITUTION),
    "hand_over_evidence": (N_("移交调取的证据材料"), Bearer.PROCURATORATE),
    "decide_measure": (N_("先行拘留后决定强制措施"), Bearer.PROCURATORATE),
    "accept_indictment": (N_("审查受理起诉"), Bearer.AGENCY),
    "ask_for_exclusion": (N_("申请排除非法证据"), Bearer.LAWYER),
    "decide_treatment": (N_("作出强制医疗决定"), Bearer.AGENCY),
    "link_online_case": (N_("验证身份并关联在线诉讼案件"), Bearer.LAWYER),
    "report_progress": (N_("提交办案进展报告"), Bearer.LAWYER),
    "pay_subsidy": (N_("审查结案材料并支付补贴"), Bearer.INSTITUTION),
    "bind_file": (N_("装订立卷"), Bearer.LAWYER),
}
"""Clock → what is to be done, and who must do it."""

BEARERS: Mapping[Bearer, str] = {
    Bearer.AGENCY: N_("办案机关办理"),
    Bearer.INSTITUTION: N_("法律援助机构办理"),
    Bearer.LAWYER: N_("承办律师办理"),
    Bearer.FACILITY: N_("看守所办理"),
    Bearer.PROCURATORATE: N_("人民检察院办理"),
    Bearer.ACCUSED: N_("被告人决定，律师提醒"),
    Bearer.DUTY_LAWYER: N_("值班律师办理"),
    Bearer.BUREAU: N_("司法行政部门办理"),
}

QUESTIONS: Mapping[Question, tuple[str, Mapping[str, str]]] = {
    Question.PRESUMED_DAYS: (
        N_("法律援助法、148 号令的“日”"),
        {
            PresumedDays.CALENDAR: N_("按日历日，末日为休息日的顺延（推定）"),
            PresumedDays.WORKDAYS: N_("按工作日"),
        },
    ),
    Question.DAYS_BEFORE: (
        N_("开庭若干日“以前”"),
        {
            DaysBefore.CLEAR: N_("中间留足整日（较严）"),
            DaysBefore.PLAIN: N_("只有开庭当天不计"),
        },
    ),
    Question.TARGETS: (
        N_("省内协作目标"),
        {
            Targets.MEASURED: N_("与法定期限一并计时，以先到者为准"),
            Targets.LEFT_OUT: N_("不计时，只按法定期限"),
        },
    ),
}
"""What the operator decides, and how it can be."""

STANDING_RULES: Mapping[str, str] = {
    "N01": N_("第一次讯问或采取强制措施时，应当告知有权委托辩护人。"),
    "N04": N_("办案机关应当及时告知有权申请法律援助。"),
    "N07": N_("移送审查起诉时，应当同时告知嫌疑人和辩护律师。"),
    "A20": N_("距法定时效或期限届满不足七日的，可以先行提供法律援助，后补手续。"),
    "A21": N_("开庭、羁押场所或强制措施变更，应当及时告知法律援助机构和律师。"),
    "V04": N_("检察机关应当提前为值班律师了解案情提供便利。"),
    "M04": N_("会见不得监听，办案人员不得在场。"),
    "M05": N_("律师可以向当事人核实证据。"),
    "F01": N_("辩护律师可以查阅、摘抄、复制案卷。"),
    "X01": N_("结案后，应当及时报告并提交文书副本和办理情况报告。"),
    "S06": N_("取得案卷后，形成书面阅卷笔录。"),
}
"""The rules of a case that have no end to count, as sentences."""

CAUSES: Mapping[Cause, str] = {
    Cause.EVENT: N_("办案事实有变"),
    Cause.EXTENSION: N_("延长期限有变"),
    Cause.CALENDAR: N_("放假日历有变"),
    Cause.CHOICE: N_("计算方式有变"),
    Cause.RULES: N_("规则版本有变"),
}
"""Why an end was counted anew."""

DELAYS: Mapping[DelayParty, tuple[str, str]] = {
    DelayParty.LAWYER: (N_("承办律师"), N_("迟延由承办律师造成。")),
    DelayParty.INSTITUTION: (N_("法律援助机构"), N_("迟延由法律援助机构造成。")),
    DelayParty.AGENCY: (N_("办案机关"), N_("迟延由办案机关造成。")),
    DelayParty.FACILITY: (N_("看守所"), N_("迟延由看守所造成。")),
    DelayParty.RECIPIENT: (N_("受援人"), N_("迟延由受援人造成。")),
}
"""Who caused a delay, as a choice and as a sentence."""

FACTORS: Mapping[str, str] = {
    "expertise": N_("专长"),
    "workload": N_("负荷"),
    "distance": N_("距离"),
    "continuity": N_("连续性"),
    "language": N_("语言"),
}
"""The factors of a score, in the order in which they are shown."""

_DISTANCES = {
    "county": N_("同一县区。"),
    "city": N_("同一市。"),
    "area": N_("同一协作区。"),
    "elsewhere": N_("跨协作区，以远程为主。"),
}


def reason_of(part: ScorePart) -> Words | None:
    """Return the sentence that explains a part of a score, None where there is nothing to say."""
    detail = part.detail
    foreign = detail.get("speaks") and detail.get("language") != "zh"
    said = {
        "expertise": N_("擅长这类案件，刑事辩护 {years} 年。")
        if detail.get("fits")
        else N_("刑事辩护 {years} 年。"),
        "workload": N_("在办和待回复 {load} 件，占用 {percent}%。"),
        "distance": _DISTANCES.get(str(detail.get("where"))),
        "continuity": N_("前一阶段就是辩护人。") if detail.get("earlier") else None,
        "language": N_("会受援人的语言。") if foreign else None,
    }
    words = said[part.factor]
    return None if words is None else (words, detail)
