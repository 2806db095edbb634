"""Names of invented people: a real surname and 某, as the press writes of people who must not be known."""

from collections.abc import Iterator
from random import Random

_SURNAMES = (
    "赵钱李吴郑王冯陈褚卫蒋沈韩杨朱秦尤许吕施曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤方"
    "俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米"
    "贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛刁钟徐邱骆高夏蔡田樊胡凌霍虞万"
    "支柯管卢莫房裘缪解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀甄曲封储靳段焦牧车侯全班仰仲伊宫宁仇栾甘"
)
_DOUBLE = ("欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "司徒")


def colleagues(rng: Random, *, taken: frozenset[str]) -> Iterator[str]:
    """Yield names for those who work here, no two alike and none of `taken`."""
    surnames = [*_SURNAMES, *_DOUBLE]
    rng.shuffle(surnames)
    yield from (name for surname in surnames if (name := f"{surname}某") not in taken)


def client(rng: Random) -> str:
    """Return a name for somebody who is accused; two may be alike, as in life."""
    return f"{rng.choice(_SURNAMES)}{rng.choice(('某', '某某', '某甲', '某强', '某伟', '某芳', '某军'))}"
