"""What each event is called in front of people."""

from collections.abc import Mapping

from server.kernel.errors import N_

EVENTS: Mapping[str, str] = {
    "AccountAdded": N_("新增账号"),
    "AccountClosed": N_("停用账号"),
    "AccountReopened": N_("恢复账号"),
    "AnnotationChanged": N_("修改批注"),
    "AnnotationMade": N_("添加批注"),
    "AnnotationRemoved": N_("删除批注"),
    "AssignmentAccepted": N_("接受指派"),
    "AssignmentDeclined": N_("婉拒指派"),
    "AssignmentEnded": N_("结束指派"),
    "AssignmentProposed": N_("提出指派"),
    "BookingCancelled": N_("取消预约"),
    "BookingConfirmed": N_("同意预约"),
    "BookingRefused": N_("退回预约"),
    "BookingRequested": N_("提交预约"),
    "CalendarChanged": N_("更改放假日历"),
    "CaseMoved": N_("案件状态变更"),
    "CaseViewed": N_("查看案件"),
    "CodeAccepted": N_("输入会见码"),
    "DeadlineExtended": N_("记录延长期限"),
    "DelayRecorded": N_("记录迟延原因"),
    "DossierOpened": N_("卷宗清点页数"),
    "DossierReady": N_("卷宗处理完成"),
    "DossierReceived": N_("上传卷宗"),
    "DossierRefused": N_("卷宗无法处理"),
    "DossierRemoved": N_("移除卷宗"),
    "ExtensionsWithdrawn": N_("撤回延长期限"),
    "FeedMade": N_("生成日历订阅"),
    "FeedRevoked": N_("撤销日历订阅"),
    "FactRecorded": N_("记录办案事实"),
    "FactWithdrawn": N_("撤回办案事实"),
    "LogExported": N_("导出审计日志"),
    "KeysRotated": N_("更换主密钥"),
    "LogSearched": N_("查询审计日志"),
    "MeetingHeld": N_("会见完成"),
    "MeetingMissed": N_("会见未成"),
    "MeetingMoved": N_("会见状态变更"),
    "NoticeReceived": N_("收到通知辩护"),
    "OfficerAnswered": N_("民警应答呼叫"),
    "OfficerSummoned": N_("呼叫民警"),
    "OrganisationAdded": N_("登记机构"),
    "PageViewed": N_("阅看卷宗页"),
    "PairingCodeIssued": N_("发放配对码"),
    "ParticipantNoted": N_("会见进出"),
    "PasswordSet": N_("设置密码"),
    "SecretNumberRegistered": N_("登记涉密案号"),
    "SessionsRevoked": N_("收回登录"),
    "SignedIn": N_("登录"),
    "SignedOut": N_("退出"),
    "SlotHeld": N_("暂留时段"),
    "SlotReleased": N_("释放时段"),
    "TerminalAdded": N_("登记终端"),
    "TerminalPaired": N_("配对终端"),
    "TerminalUnpaired": N_("解除配对"),
    "TerminalWiped": N_("终端清空会见"),
}


def event_words(event: str) -> str:
    """Return what an event is called; its own name if it is one of an earlier version."""
    return EVENTS.get(event, event)
