"""`docs/deadlines.md`, generated: each rule with an example that was counted as the product counts."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.counting import deadline
from server.cases.deadlines.rules import Custody, DeadlineRule, Layer, Mode, Unit, rule_set
from server.cases.explaining import Skipped, explain, runs_of
from server.cases.model import Procedure
from server.cases.wording import PROCEDURES, TRIGGERS
from server.http.dates import Dates
from server.http.i18n import Locale
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

| 方式 | 怎样计算 |
|---|---|
| C | 日历日，起始日不计，末日为休息日的顺延 |
| I | 法律援助法与 148 号令的“日”：法律没有写明怎样计算，按 C 推定 |
| H | 小时连续计算，不扣假日；平台按起算时刻提示，法定上限从下一个整点起算 |
| W | 工作日，按国务院公布的放假和调休安排 |
| B | 从开庭等事项往前算，当天和办理当天都不计，中间留足整日 |
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
    Unit.TIMES_A_YEAR: "2026年1月1日至12月31日应当办理 {n} 次，平台按次数提示。",
    Unit.TIMES_A_QUARTER: "2026年7月1日至9月30日应当办理 {n} 次，平台按次数提示。",
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
_DATES = Dates(Locale.ZH)


def deadline_document() -> str:
    """Return the document."""
    rules = rule_set()
    lines = [_HEAD, f"规则集 {rules.version}，共 {len(rules.rules)} 条。"]
    group = ""
    for rule in sorted(rules.rules, key=lambda each: list(_GROUPS).index(each.id[0])):
        if _GROUPS[rule.id[0]] != group:
            group = _GROUPS[rule.id[0]]
            lines.append(f"\n## {group}")
        lines.append("\n" + "\n".join(_entry(rule)))
    return "\n".join(lines) + "\n"


def _entry(rule: DeadlineRule) -> Iterator[str]:
    badge = "" if rule.verified else " · **未核实**"
    length = _LENGTHS[rule.unit].format(n=rule.n)
    yield f"### {rule.id} {rule.duty}"
    yield ""
    yield f"- {rule.actor} · {TRIGGERS[rule.trigger]} · {length}（{rule.mode}）"
    yield f"- {rule.citation or rule.article}（{_LAYERS[rule.layer]}）{badge}"
    yield f"- **例**：{_example(rule)}"
    if rule.extension:
        yield f"- {rule.extension}"
    if rule.procedures != frozenset(Procedure):
        yield f"- 适用：{'、'.join(words for each, words in PROCEDURES.items() if each in rule.procedures)}。"
    if rule.custody is Custody.WHILE_DETAINED:
        yield "- 在押的，末日为休息日也不顺延。"
    if rule.note:
        yield f"- 备注：{rule.note}"


def _example(rule: DeadlineRule) -> str:
    if rule.unit in _COUNTED_BY_TIMES:
        return _UNMEASURED[rule.unit].format(n=rule.n)
    start = _STARTS.get(rule.mode, _ORDINARY)
    began = f"{_DATES.full_day(start)} {_DATES.time(start)} {TRIGGERS[rule.trigger]}"
    if not rule.measured:
        return f"{began}，{_UNMEASURED[rule.unit].format(n=rule.n)}"
    found = deadline(rule, start.astimezone(UTC), Calendar())
    how = "".join(
        words.format_map({name: _DATES.told(value) for name, value in values.items()})
        for words, values in explain(found)
    )
    off = "、".join(f"{_days(run)} {run.name}" for run in runs_of(found.skipped))
    skipped = f"跳过{off}。" if off else ""
    return f"{began} → **{found.due_on.year}年{_DATES.end(found.due_at)} 届满**。{how}{skipped}"


def _days(run: Skipped) -> str:
    first = _DATES.day(run.first)
    return first if run.first == run.last else f"{first}–{_DATES.day(run.last)}"
