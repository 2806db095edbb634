"""How cases are told to people: the words of stages, reasons, duties, triggers and score parts, once."""

from collections.abc import Mapping

from server.cases.model import (
    AssignmentKind,
    Bearer,
    CaseStatus,
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
}
"""Clock → what is to be done, and who must do it."""

BEARERS: Mapping[Bearer, str] = {
    Bearer.AGENCY: N_("办案机关办理"),
    Bearer.INSTITUTION: N_("法律援助机构办理"),
    Bearer.LAWYER: N_("承办律师办理"),
    Bearer.FACILITY: N_("看守所办理"),
    Bearer.PROCURATORATE: N_("人民检察院办理"),
    Bearer.ACCUSED: N_("被告人决定，律师提醒"),
}

TRIGGERS: Mapping[str, str] = {
    "agency_found_art25_1_or_art28": N_("发现应当通知辩护"),
    "prosecution_extended_category_found": N_("确定通知辩护"),
    "procuratorate_received_case_file": N_("收到案卷"),
    "court_accepted_case": N_("受理案件"),
    "lai_received_agency_notice": N_("收到通知"),
    "lai_received_defence_letter": N_("收到通知"),
    "lawyer_accepted_assignment": N_("接受指派"),
    "firm_arranged_or_received_assignment": N_("接受指派"),
    "lawyer_presented_three_documents": N_("提出会见"),
    "lawyer_assigned": N_("指派律师"),
    "first_meeting_held": N_("首次会见"),
    "agreement_signed": N_("签订委托协议"),
    "papers_filed": N_("提交手续"),
    "first_interrogation_or_coercive_measure": N_("第一次讯问或采取强制措施"),
    "duty": N_("办理案件"),
    "detained_defendant_asks_for_defender": N_("在押被告人要求委托辩护人"),
    "investigation_concluded": N_("侦查终结"),
    "detained_person_applied": N_("在押人员申请法律援助"),
    "applicant_applied_via_duty_lawyer": N_("通过值班律师申请法律援助"),
    "lai_received_application": N_("收到法律援助申请"),
    "lai_decided_to_grant": N_("决定给予法律援助"),
    "objection_received": N_("收到异议"),
    "before_hearing": N_("开庭"),
    "mandatory_client_refused_lawyer_with_good_reason": N_("应当援助的被告人有正当理由拒绝辩护人"),
    "no_new_defender_after_A10": N_("期限内没有另行委托辩护人"),
    "court_accepted_or_found_condition": N_("受理强制医疗或发现符合条件"),
    "suspect_refused_or_retained": N_("嫌疑人拒绝或自行委托"),
    "lai_received_spc_notice": N_("收到最高人民法院通知"),
    "deadline_within_7d": N_("距法定时效或期限届满不足七日"),
    "hearing_date_or_place_or_measure_changed": N_("开庭、羁押场所或强制措施变更"),
    "detainee_requested_duty_lawyer": N_("在押人员要求约见值班律师"),
    "planned_help_date": N_("预定提供法律帮助之日"),
    "lai_received_help_notice": N_("收到提供法律帮助通知"),
    "before_hearing_opinion": N_("听取意见"),
    "lawyer_applied_in_nss_or_terror_case": N_("两类案件申请会见"),
    "lawyer_applied_for_interpreter": N_("申请翻译人员"),
    "meeting": N_("会见"),
    "case_transferred_for_prosecution": N_("移送审查起诉"),
    "bookings_BJ": N_("预约会见（北京）"),
    "bookings_SZ": N_("预约会见（深圳）"),
    "prosecution_review_started": N_("审查起诉开始"),
    "lawyer_requested_file": N_("律师申请阅卷"),
    "nonlawyer_defender_applied": N_("非律师辩护人申请"),
    "lawyer_applied_collect_evidence": N_("申请调取证据"),
    "lawyer_applied_contact_victim": N_("申请向被害人收集材料"),
    "prosecutor_received_evidence_order": N_("收到调取证据决定"),
    "detained": N_("拘留"),
    "arrested": N_("逮捕"),
    "arrest_request_received": N_("收到提请批准逮捕书"),
    "change_measure_application_received": N_("收到变更强制措施申请"),
    "returned_for_supplement": N_("退回补充侦查"),
    "supervisory_case_with_liuzhi": N_("监察机关移送留置案件"),
    "indictment_received": N_("收到起诉书"),
    "adjourned_for_new_defender": N_("为另行委托辩护人休庭"),
    "judgment_in_court": N_("当庭宣判"),
    "judgment_received": N_("接到判决书"),
    "appeal_accepted": N_("受理上诉、抗诉"),
    "court_heard": N_("审理强制医疗"),
    "notified_and_agreed": N_("接到通知并同意在线诉讼"),
    "case_closed": N_("结案"),
    "lai_received_closing_file": N_("收到结案材料"),
    "log_created": N_("日志生成"),
    "pia_done": N_("影响评估完成"),
    "breach": N_("发生个人信息泄露"),
    "case_filed": N_("立案"),
    "file_received": N_("取得案卷"),
    "periodic": N_("上一次进展报告"),
    "calendar_year": N_("年度"),
    "calendar_quarter": N_("季度"),
    "custody_notified": N_("已送看守所、通知家属"),
    "arrest_notified": N_("逮捕后已通知家属"),
    "arrest_decided": N_("作出批准逮捕决定"),
    "change_measure_decided": N_("作出变更强制措施决定"),
    "supplement_returned": N_("补充侦查完毕移送"),
    "duty_lawyer_notified": N_("已通知值班律师"),
    "meeting_permission_decided": N_("作出会见许可决定"),
    "interpreter_decided": N_("作出翻译人员许可决定"),
    "evidence_decided": N_("作出调取证据决定"),
    "contact_decided": N_("作出收集材料许可决定"),
    "indictment_served": N_("起诉书副本送达"),
    "hearing_notice_served": N_("开庭通知送达"),
    "evidence_list_submitted": N_("证人名单和证据提交"),
    "appeal_filed": N_("提出上诉"),
    "second_judgment_received": N_("接到二审裁判"),
    "closing_file_submitted": N_("结案材料提交"),
    "court_notice_sent": N_("法律援助通知书送达"),
    "outline_written": N_("写出辩护提纲"),
    "hearing_resumed": N_("恢复开庭"),
    "new_defender_retained": N_("另行委托了辩护人"),
    "nonlawyer_decided": N_("作出非律师辩护人许可决定"),
}
"""What happened, by the rules' word for it."""

DELAYS: Mapping[DelayParty, tuple[str, str]] = {
    DelayParty.LAWYER: (N_("承办律师"), N_("迟延由承办律师造成。")),
    DelayParty.INSTITUTION: (N_("法律援助机构"), N_("迟延由法律援助机构造成。")),
    DelayParty.AGENCY: (N_("办案机关"), N_("迟延由办案机关造成。")),
    DelayParty.FACILITY: (N_("看守所"), N_("迟延由看守所造成。")),
    DelayParty.RECIPIENT: (N_("受援人"), N_("迟延由受援人造成。")),
}
"""Who caused a delay, as a choice and as a sentence."""

RECORDED: Mapping[str, tuple[str, ...]] = {
    N_("强制措施"): (
        "detained",
        "custody_notified",
        "arrest_request_received",
        "arrest_decided",
        "arrested",
        "arrest_notified",
        "change_measure_application_received",
        "change_measure_decided",
    ),
    N_("侦查与审查起诉"): (
        "case_transferred_for_prosecution",
        "returned_for_supplement",
        "supplement_returned",
        "indictment_received",
    ),
    N_("会见与翻译"): (
        "detainee_requested_duty_lawyer",
        "duty_lawyer_notified",
        "lawyer_applied_in_nss_or_terror_case",
        "meeting_permission_decided",
        "lawyer_applied_for_interpreter",
        "interpreter_decided",
    ),
    N_("阅卷与取证"): (
        "lawyer_requested_file",
        "file_received",
        "lawyer_applied_collect_evidence",
        "evidence_decided",
        "lawyer_applied_contact_victim",
        "contact_decided",
        "nonlawyer_defender_applied",
        "nonlawyer_decided",
    ),
    N_("审判与上诉"): (
        "before_hearing",
        "indictment_served",
        "hearing_notice_served",
        "court_notice_sent",
        "outline_written",
        "evidence_list_submitted",
        "mandatory_client_refused_lawyer_with_good_reason",
        "new_defender_retained",
        "adjourned_for_new_defender",
        "hearing_resumed",
        "judgment_in_court",
        "judgment_received",
        "appeal_filed",
        "appeal_accepted",
        "second_judgment_received",
    ),
    N_("结案"): ("case_closed", "closing_file_submitted"),
}
"""What people record, for the platform can't see it. It is the defence's own business."""

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
