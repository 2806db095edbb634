"""How retention is told to people."""

from collections.abc import Mapping

from server.cases.lifecycle import CaseStep
from server.kernel.errors import N_
from server.retention.model import HoldReason, Purpose, RecordKind, SealGround, Shelf

KINDS: Mapping[RecordKind, tuple[str, str]] = {
    RecordKind.CASE: (N_("案件卷宗、批注、会见与办案记录"), N_("自结案之日起；期满后由机构安排销毁")),
    RecordKind.AUDIT_LOG: (N_("审计日志"), N_("平台从不删除")),
    RecordKind.PROCESS_LOG: (N_("服务器运行日志"), N_("由运维在服务器上留存，见运维手册")),
    RecordKind.ASSESSMENT: (N_("个人信息保护影响评估"), N_("平台从不删除")),
}
"""Kind of records → what it is, and what ends it."""

ENDS: Mapping[CaseStep, tuple[str, str]] = {
    CaseStep.CLOSE: (N_("结案"), N_("援助事项已办完，承办律师开始整理结案材料")),
    CaseStep.ARCHIVE: (N_("归档"), N_("结案材料已收齐；案件不再办理，保管期限开始计算")),
    CaseStep.TERMINATE: (N_("终止援助"), N_("《中华人民共和国法律援助法》第四十八条；案件立即关闭")),
}
"""Step → what it is called, and what follows."""

GROUNDS: Mapping[SealGround, str] = {
    SealGround.SENTENCE: N_("犯罪时不满十八周岁，被判处五年有期徒刑以下刑罚"),
    SealGround.NO_PROSECUTION: N_("人民检察院决定不起诉"),
}
PURPOSES: Mapping[Purpose, str] = {
    Purpose.JUDICIAL: N_("司法机关为办案需要"),
    Purpose.PROVIDED: N_("有关单位根据国家规定查询"),
}
REASONS: Mapping[HoldReason, str] = {
    HoldReason.PETITION: N_("申诉或再审"),
    HoldReason.COMPLAINT: N_("投诉、惩戒或赔偿"),
    HoldReason.INSPECTION: N_("质量评查或审计"),
    HoldReason.REQUEST: N_("有权机关要求"),
}
SHELVES: Mapping[Shelf, str] = {
    Shelf.EXPIRED: N_("期满可销毁"),
    Shelf.PLANNED: N_("已安排销毁"),
    Shelf.HELD: N_("保全中"),
    Shelf.SEALED: N_("已封存"),
    Shelf.ALL: N_("全部已结案件"),
    Shelf.ERASED: N_("已销毁"),
}
