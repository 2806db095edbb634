"""Names of invented people: a real surname and 某, as the press writes of people who must not be known."""

from collections.abc import Iterator
from random import Random

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢"
    "安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游"
)


def colleagues(rng: Random, *, taken: frozenset[str]) -> Iterator[str]:
    """Yield names for those who work here, no two alike and none of `taken`."""
    surnames = list(_SURNAMES)
    rng.shuffle(surnames)
    yield from (name for surname in surnames if (name := f"{surname}某") not in taken)


def client(rng: Random) -> str:
    """Return a name for somebody who is accused; two may be alike, as in life."""
    return f"{rng.choice(_SURNAMES)}{rng.choice(('某', '某某', '某甲', '某强', '某伟', '某芳', '某军'))}"
