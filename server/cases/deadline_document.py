"""`docs/deadlines.md`, generated: the ways of counting with worked tables, and each rule with an example."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from server.cases.deadline_tables import DATES, TABLES, mode_table, restart_table
from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.counting import deadline
from server.cases.deadlines.rules import Custody, DeadlineRule, Layer, Mode, Unit, rule_set
from server.cases.explaining import Skipped, explain, runs_of
from server.cases.model import Procedure
from server.cases.vocabulary import BROUGHT_BY_NOTICES, OF_INSTITUTION, STANDING, TRIGGERS, WRITTEN_DOWN
from server.cases.wording import DUTIES, PROCEDURES
from server.kernel.clock import CHINA

_HEAD = """\
# 期限规则与算例 · Deadlines

Each rule of `server/cases/deadlines/rules.toml` with one worked example, written by `python3 -m server docs`;
a test fails when it is out of date. The examples are counted by the product's own code.

**怎样计算**（刑事诉讼法第一百零五条）：

- 开始的日、时不算在期间以内；期满前已经交邮的，不算过期。
- 末日为节假日的，以节假日后的第一日为期满日期，但在押期间不因节假日延长。
- 法定期限与省内目标同时适用时，以先到者为准，省内目标不放宽法定期限。
- 标有 **未核实** 的，条文、日数或施行日期尚未与原文核对：只提示，不报逾期。
- 起算的事再次发生的，从最近一次起重新计算；延长的决定只对当时的期限有效。
- 放假安排没有公布的年份，期限标为 **暂定**；末日附近的周末先按上班计算，宁早勿晚。
- 法律没有写明的（下表的 I、B，以及省内目标是否计时），由运维者在“放假日历”页设定；每次设定留有记录，
  所有期限随即重新计算，原来的期限保留在各案的“期限变动”里。

| 方式 | 怎样计算 |
|---|---|
| C | 日历日，起始日不计，末日为休息日的顺延 |
| I | 法律援助法与 148 号令的“日”：法律没有写明怎样计算，按 C 推定，可以设定为 W |
| H | 小时连续计算，不扣假日；平台按起算时刻提示，法定上限从下一个整点起算 |
| W | 工作日，按国务院公布的放假和调休安排 |
| B | 从开庭等事项往前算，当天和办理当天都不计，中间留足整日；可以设定为只有当天不计 |
| M | 到后月的同日；没有同日的到月末；起算日为月末的，到后月末 |
| X | 上诉期限，从接到判决书、裁定书的第二日起算 |
| P | 立即办理、权利或次数，没有倒计时 |
"""
_GROUPS: Mapping[str, str] = {
    "N": "告知权利",
    "A": "申请、通知与指派",
    "V": "值班律师",
    "M": "会见",
    "F": "阅卷与取证",
    "C": "强制措施与办案期限",
    "T": "审判与上诉",
    "X": "结案",
    "P": "数据保护",
    "S": "省内协作目标",
}
_LAYERS: Mapping[Layer, str] = {
    Layer.STATUTE: "法律",
    Layer.INTERPRETATION: "司法解释",
    Layer.MINISTRY_RULE: "部门规章",
    Layer.NORMATIVE_DOCUMENT: "规范性文件",
    Layer.LOCAL_SAMPLE: "地方样例",
    Layer.POLICY_TARGET: "省内目标",
}
_LENGTHS: Mapping[Unit, str] = {
    Unit.DAYS: "{n} 日",
    Unit.WORKDAYS: "{n} 个工作日",
    Unit.HOURS: "{n} 小时",
    Unit.MONTHS: "{n} 个月",
    Unit.AT_ONCE: "立即",
    Unit.BEFOREHAND: "没有日数",
    Unit.TIMES_A_YEAR: "每年 {n} 次",
    Unit.TIMES_A_QUARTER: "每季度 {n} 次",
    Unit.YUAN: "每件 {n} 至 5000 元",
}
_UNMEASURED: Mapping[Unit, str] = {
    Unit.AT_ONCE: "应当立即办理，没有倒计时。",
    Unit.BEFOREHAND: "从这时起可以办理，或应在下一步之前办理，没有倒计时。",
    Unit.DAYS: "{n} 日以内符合条件；这是条件，不是办理期限。",
    Unit.TIMES_A_YEAR: "2026年1月1日至12月31日应当办理 {n} 次。",
    Unit.TIMES_A_QUARTER: "2026年7月1日至9月30日应当办理 {n} 次。",
    Unit.YUAN: "按 {n} 至 5000 元核算；这是数额，不是期限。",
}
_COUNTED_BY_TIMES = {Unit.TIMES_A_YEAR, Unit.TIMES_A_QUARTER}
_ORDINARY = datetime(2026, 9, 28, 9, 12, tzinfo=CHINA)
"""The Monday before the National Day holiday."""
_STARTS: Mapping[Mode, datetime] = {
    Mode.HOURS: datetime(2026, 9, 25, 16, 20, tzinfo=CHINA),
    Mode.BEFORE: datetime(2026, 10, 15, 9, 30, tzinfo=CHINA),
    Mode.MONTHS: datetime(2026, 1, 31, 10, 0, tzinfo=CHINA),
    Mode.APPEAL: datetime(2026, 2, 6, 15, 0, tzinfo=CHINA),
}
"""When an example begins, so that what is special about its mode shows."""
_MODES: Mapping[Mode, str] = {
    Mode.CALENDAR: "日历日",
    Mode.PRESUMED: "推定的日",
    Mode.HOURS: "小时",
    Mode.WORKDAYS: "工作日",
    Mode.BEFORE: "往前算",
    Mode.MONTHS: "月",
    Mode.APPEAL: "上诉期限",
}
_RESTARTS = """
### 重新计算：退回补充侦查

补充侦查完毕移送后，审查起诉期限从移送之日重新计算；补充侦查以两次为限（刑事诉讼法第一百七十五条第三款）。
第三次退回记录在案，但不停止也不重新开始任何期限。审查起诉期限按羁押期限处理，末日为休息日也不顺延。
"""


def deadline_document() -> str:
    """Return the document."""
    rules = rule_set()
    count, elsewhere = len(rules.rules), len(rules.elsewhere)
    homes = f"{count - elsewhere} 条在案件中适用，{elsewhere} 条不属于某一个案件（各条注明）"
    lines = [_HEAD, f"规则集 {rules.version}，共 {count} 条：{homes}。", *_tables()]
    group = ""
    for rule in sorted(rules.rules, key=lambda each: list(_GROUPS).index(each.id[0])):
        if _GROUPS[rule.id[0]] != group:
            group = _GROUPS[rule.id[0]]
            lines.append(f"\n## {group}")
        lines.append("\n" + "\n".join(_entry(rule)))
    return "\n".join(lines) + "\n"


def _tables() -> Iterator[str]:
    yield "\n## 各种方式的算例"
    for mode in TABLES:
        yield f"\n### {mode} {_MODES[mode]}\n"
        yield from mode_table(mode)
    yield _RESTARTS
    yield from restart_table()


def _entry(rule: DeadlineRule) -> Iterator[str]:
    badge = "" if rule.verified else " · **未核实**"
    length = _LENGTHS[rule.unit].format(n=rule.n)
    yield f"### {rule.id} {rule.duty}"
    yield ""
    yield f"- {rule.actor} · {TRIGGERS[rule.trigger]} · {length}（{rule.mode}）"
    yield f"- {rule.citation or rule.article}（{_LAYERS[rule.layer]}）{badge}"
    yield f"- **例**：{_example(rule)}"
    yield f"- {_home(rule)}"
    if rule.extension:
        yield f"- {rule.extension}"
    if rule.procedures != frozenset(Procedure):
        yield f"- 适用：{'、'.join(words for each, words in PROCEDURES.items() if each in rule.procedures)}。"
    if rule.custody is Custody.WHILE_DETAINED:
        yield "- 在押的，末日为休息日也不顺延。"
    if besides := rule_set().besides.get(rule.id):
        yield f"- **没有计入的**：{besides}"
    if rule.note:
        yield f"- 备注：{rule.note}"


def _home(rule: DeadlineRule) -> str:
    """Say where a rule runs, and who tells what begins and ends it."""
    elsewhere = rule_set().elsewhere.get(rule.id)
    if elsewhere is not None:
        return f"**不在案件中计时**：{elsewhere}"
    if not rule.measured:
        since = "自始适用" if rule.trigger in STANDING else f"{_told(rule.trigger)}后适用"
        return f"在案件中：列入“没有倒计时的规定”，{since}。"
    clock = next(each for each in rule_set().clocks if rule in each.rules)
    begun = "或".join(_told(key) for key in rule.begun_by)
    condition = f"，且{_told(rule.condition)}" if rule.condition else ""
    ended = "或".join(_told(key) for key in clock.done)
    return f"在案件中：“{DUTIES[clock.key][0]}”，{begun}时起算{condition}，{ended}时办结。"


def _told(key: str) -> str:
    """Say what happens, and who tells it."""
    if key in OF_INSTITUTION:
        by = "法律援助机构记录"
    elif key in BROUGHT_BY_NOTICES:
        by = "随通知到达或由律师、机构记录"
    elif key in WRITTEN_DOWN:
        by = "律师、机构记录"
    else:
        by = "平台自动记录"
    return f"{TRIGGERS[key]}（{by}）"


def _example(rule: DeadlineRule) -> str:
    if rule.unit in _COUNTED_BY_TIMES:
        return _UNMEASURED[rule.unit].format(n=rule.n)
    start = _STARTS.get(rule.mode, _ORDINARY)
    began = f"{DATES.full_day(start)} {DATES.time(start)} {TRIGGERS[rule.trigger]}"
    if not rule.measured:
        return f"{began}，{_UNMEASURED[rule.unit].format(n=rule.n)}"
    found = deadline(rule, start.astimezone(UTC), Calendar())
    how = "".join(
        words.format_map({name: DATES.told(value) for name, value in values.items()})
        for words, values in explain(found)
    )
    off = "、".join(f"{_days(run)} {run.name}" for run in runs_of(found.skipped))
    skipped = f"跳过{off}。" if off else ""
    return f"{began} → **{found.due_on.year}年{DATES.end(found.due_at)} 届满**。{how}{skipped}"


def _days(run: Skipped) -> str:
    first = DATES.day(run.first)
    return first if run.first == run.last else f"{first}–{DATES.day(run.last)}"
