"""Articles in full, as lawyers write them: 法援法36; 148号令24(2) is 法律援助法第三十六条；….

The rules cite in short, because one cell names several laws; readers need not know the short forms.
"""

import re
from collections.abc import Collection, Mapping

_ARTICLE = re.compile(r"(\d{1,3})((?:\(\d{1,2}\))*)(?:\((\D+)\))?")
_REMARK = re.compile(r"\(([^()]*[^()\d][^()]*)\)")
"""What stands where nobody has looked the article up."""
_BETWEEN_LAWS = re.compile(r";(?![^(]*\))")
_DIGITS = "零一二三四五六七八九"


def in_full(cited: str, titles: Mapping[str, str], items: Mapping[str, Collection[int]] | None = None) -> str:
    """Return the citation with each law's title and its articles in words.

    Args:
        cited: laws divided by `;`, the articles of one by `、` or `,`, its paragraphs in brackets.
        titles: how a law is cited in short → its title; what is cited otherwise stays as it is.
        items: how a law is cited in short → its articles of which items (项) are cited, not paragraphs (款).
    """
    return "；".join(_law(law.strip(), titles, items or {}) for law in _BETWEEN_LAWS.split(cited))


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


def _law(law: str, titles: Mapping[str, str], items: Mapping[str, Collection[int]]) -> str:
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
    itemised = items.get(short, ())
    return title + "、".join(_article(article, itemised) for article in found)


def _article(found: re.Match[str], itemised: Collection[int]) -> str:
    article, parts, remark = int(found[1]), re.findall(r"\d+", found[2]), found[3]
    numerals = (numeral(int(part)) for part in parts)
    words = f"第{numeral(article)}条"
    if article in itemised:
        words += "、".join(f"第（{each}）项" for each in numerals)
    else:
        words += "、".join(f"第{each}款" for each in numerals)
    return words if remark is None else f"{words}（{remark}）"
