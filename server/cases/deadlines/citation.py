"""Articles in full, as lawyers write them: 法援法36; 148号令24(2) is 法律援助法第三十六条；….

The rules cite in short, because one cell names several laws; readers need not know the short forms.
"""

import re
from collections.abc import Mapping

_ARTICLE = re.compile(r"(\d{1,3})(?:\((\d{1,2})\))?(?:\((\D+)\))?")
_REMARK = re.compile(r"\((\D+)\)")
"""What stands where nobody has looked the article up."""
_DIGITS = "零一二三四五六七八九"


def in_full(cited: str, titles: Mapping[str, str]) -> str:
    """Return the citation with each law's title and its articles in words.

    Args:
        cited: laws divided by `;`, the articles of one by `、` or `,`, a paragraph in brackets.
        titles: how a law is cited in short → its title; what is cited otherwise stays as it is.
    """
    return "；".join(_law(law.strip(), titles) for law in cited.split(";"))


def numeral(number: int) -> str:
    """Return the Chinese numeral of a number from 1 to 999."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        words += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        words += "零"
    return words + (_DIGITS[ones] if ones else "")


def _law(law: str, titles: Mapping[str, str]) -> str:
    short = next((short for short in sorted(titles, key=len, reverse=True) if law.startswith(short)), None)
    if short is None:
        return law
    title = titles[short].partition("（")[0]
    if whole := _REMARK.fullmatch(law.removeprefix(short).strip()):
        return f"{title}（{whole[1]}）"
    articles = [_ARTICLE.fullmatch(article.strip()) for article in re.split("[、,]", law.removeprefix(short))]
    found = [article for article in articles if article is not None]
    if len(found) < len(articles):
        return law
    return title + "、".join(map(_article, found))


def _article(found: re.Match[str]) -> str:
    article, paragraph, remark = found.groups()
    words = f"第{numeral(int(article))}条"
    if paragraph is not None:
        words += f"第{numeral(int(paragraph))}款"
    return words if remark is None else f"{words}（{remark}）"
