import re

import pytest

from server.cases.deadlines.citation import in_full, numeral
from server.cases.deadlines.rules import rule_set

TITLES = {
    "法援法": "法律援助法",
    "148号令": "办理法律援助案件程序规定（司法部令148号）",
    "CPL": "刑事诉讼法（2018修正）",
    "高法": "高法解释",
}


@pytest.mark.parametrize(
    ("cited", "full"),
    [
        ("法援法36", "法律援助法第三十六条"),
        ("法援法36; 148号令24(2)", "法律援助法第三十六条；办理法律援助案件程序规定第二十四条第二款"),
        ("CPL39(2)、105", "刑事诉讼法第三十九条第二款、第一百零五条"),
        ("CPL42(书面)", "刑事诉讼法第四十二条（书面）"),
        ("CPL85,86", "刑事诉讼法第八十五条、第八十六条"),
        ("148号令(结案条)", "办理法律援助案件程序规定（结案条）"),
        ("148号令(补贴条; 旧35条为30日)", "办理法律援助案件程序规定（补贴条; 旧35条为30日）"),
        ("CPL91(1)(3)", "刑事诉讼法第九十一条第一款、第三款"),
        (
            "CPL187(3); 高法221(4)(5)",
            "刑事诉讼法第一百八十七条第三款；高法解释第二百二十一条第（四）项、第（五）项",
        ),
        ("司发通〔2022〕49号", "司发通〔2022〕49号"),
        ("法援法 总则", "法援法 总则"),
    ],
)
def test_a_citation_is_written_out_and_what_is_unknown_stays(cited: str, full: str) -> None:
    assert in_full(cited, TITLES, {"高法": [221]}) == full


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (53, "五十三"), (100, "一百"), (105, "一百零五"),
     (110, "一百一十"), (230, "二百三十"), (999, "九百九十九")],
)  # fmt: skip
def test_numbers_are_written_as_articles_are(number: int, words: str) -> None:
    assert numeral(number) == words


def test_no_rule_of_law_is_shown_by_its_short_form() -> None:
    rules = [rule for clock in rule_set().clocks for rule in clock.rules if not rule.internal]
    assert rules
    short = re.compile(r"(法援法|148号令|CPL|公安|高检|高法)\d")
    for rule in rules:
        assert not short.search(rule.citation), rule.id
