"""Offences by field of work, so that a lawyer's speciality can meet a charge.

The charges that legal aid defends most, with their articles of the Criminal Law; any other counts as `OTHER`.
"""

from collections.abc import Mapping
from enum import StrEnum


class OffenceGroup(StrEnum):
    """A field of criminal defence."""

    PUBLIC_SAFETY = "public_safety"
    PERSON = "person"
    SEXUAL = "sexual"
    PROPERTY = "property"
    FRAUD = "fraud"
    CYBER = "cyber"
    ECONOMIC = "economic"
    PUBLIC_ORDER = "public_order"
    DRUGS = "drugs"
    OTHER = "other"


_G = OffenceGroup

OFFENCES: Mapping[str, tuple[str, OffenceGroup]] = {
    "危险驾驶": ("133-1", _G.PUBLIC_SAFETY),
    "交通肇事": ("133", _G.PUBLIC_SAFETY),
    "非法吸收公众存款": ("176", _G.ECONOMIC),
    "集资诈骗": ("192", _G.ECONOMIC),
    "故意杀人": ("232", _G.PERSON),
    "故意伤害": ("234", _G.PERSON),
    "强奸": ("236", _G.SEXUAL),
    "猥亵儿童": ("237", _G.SEXUAL),
    "非法拘禁": ("238", _G.PERSON),
    "侵犯公民个人信息": ("253-1", _G.CYBER),
    "抢劫": ("263", _G.PROPERTY),
    "盗窃": ("264", _G.PROPERTY),
    "诈骗": ("266", _G.FRAUD),
    "敲诈勒索": ("274", _G.PROPERTY),
    "帮助信息网络犯罪活动": ("287-2", _G.CYBER),
    "寻衅滋事": ("293", _G.PUBLIC_ORDER),
    "开设赌场": ("303", _G.PUBLIC_ORDER),
    "掩饰、隐瞒犯罪所得": ("312", _G.CYBER),
    "走私、贩卖、运输、制造毒品": ("347", _G.DRUGS),
    "贩卖毒品": ("347", _G.DRUGS),
    "组织卖淫": ("358", _G.PUBLIC_ORDER),
    "容留卖淫": ("359", _G.PUBLIC_ORDER),
}
"""Charge → article of the Criminal Law, field."""


def group_of(offence: str) -> OffenceGroup:
    """Return the field to which a charge belongs; 罪 at its end does not matter."""
    _, group = OFFENCES.get(offence.removesuffix("罪"), ("", OffenceGroup.OTHER))
    return group
