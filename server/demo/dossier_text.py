"""The words of the demo's dossier: one fictional affair, told in the papers of a police file.

Everything and everyone in it is invented. The same pages come out each time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

CHARACTERS_A_LINE = 36
LINES_A_PAGE = 33
_SEED = 20260612


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of the file."""

    title: str
    section: str
    """Where the table of contents puts it."""
    pages: tuple[tuple[str, ...], ...]
    """Lines, page by page."""
    in_colour: bool
    """Whether it was scanned in colour, for its seals and prints."""


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    part: str
    born: str
    work: str
    stood: str
    saw: str


_SUSPECT = _Person(
    "张某", "犯罪嫌疑人", "1998 年 3 月", "平舆县某修理店工人", "路口东侧", "我没有拿东西，就是用手挡了一下"
)
_WITNESSES = (
    _Person("李某", "证人", "1985 年 7 月", "烧烤店店主", "店门口", "两边都在推，谁先动手我没看清"),
    _Person("赵某", "证人", "1992 年 11 月", "出租车司机", "马路对面的车里", "看见一个穿白衣服的人往后退"),
    _Person("钱某", "证人", "1979 年 2 月", "水果摊主", "摊位后面", "听见酒瓶碎的声音，转过头人已经倒了"),
    _Person("孙某", "证人", "2001 年 5 月", "学生", "公交站牌下", "先是刘某某推了张某两下"),
    _Person("许某", "证人", "1988 年 9 月", "小区保安", "小区东门岗亭", "九点四十左右看见张某进了小区"),
)
_VICTIM = _Person(
    "刘某某", "被害人", "1994 年 12 月", "货运司机", "路口中间", "有人从后面打了我的头，是谁我没看见"
)

_ACCUSED_TOO = _Person(
    "王某", "犯罪嫌疑人", "1995 年 8 月", "无固定职业", "两个人中间", "我是在拉架，混乱里碰到谁说不清"
)

_QUESTIONS = (
    ("当晚你几点到的现场？", "{time}左右。我记得是因为{anchor}。"),
    ("你当时在什么位置？", "在{stood}，离他们大概{metres}米。"),
    ("现场光线怎么样？", "路灯{light}，{lamp}，人的脸{face}。"),
    ("你看见了什么？", "{saw}。后来围的人多了，就看不太清了。"),
    ("谁先动的手？", "{first}。我只能说我看见的，前面的事我不知道。"),
    ("有没有人拿东西？", "{thing}。这个东西后来到哪里去了，我没有注意。"),
    ("受伤的人是怎么倒下的？", "{fell}。倒下以后头朝{side}，旁边有玻璃碴。"),
    ("你认识张某吗？", "{knows}。平时没有矛盾，也没有经济往来。"),
    ("你听见他们说什么没有？", "{heard}。声音很大，但是具体说的什么记不全了。"),
    ("之后谁报的警？", "{called}报的。警察大概{minutes}分钟以后到的。"),
    ("你有没有离开过？", "{left}。来回不到{minutes}分钟。"),
    ("你说的时间有没有依据？", "{proof}。手机里的记录现在还在，可以给你们看。"),
    ("还有谁在场？", "{others}，别的人我不认识，有几个是过路的。"),
    ("你对照片辨认过没有？", "辨认过，{lineup}。辨认的时候没有人提示我。"),
    ("现场后来有没有人动过？", "{moved}。警察来了以后拉了线，就没有人进去了。"),
)
_WORDS = {
    "time": ("晚上九点", "晚上九点一刻", "晚上九点二十", "晚上九点半", "九点四十"),
    "anchor": ("刚看完手机上的时间", "店里正好换班", "末班公交刚过去", "我给家里打完电话"),
    "metres": ("三", "五", "七八", "十来", "二十"),
    "light": ("亮着", "有一盏坏了", "比较暗"),
    "lamp": ("店里的灯也照得到路边", "广告牌的光照得到一半", "树荫挡住了一部分"),
    "face": ("看得清", "看不太清", "只能看个大概"),
    "first": (
        "我看见的时候已经推起来了",
        "是刘某某先推的",
        "我没有看见开头",
        "王某在中间拉架，谁先动手说不好",
    ),
    "thing": ("我没看见有人拿东西", "有人手里有个酒瓶，是谁我不敢说", "地上有碎玻璃，不知道是谁的"),
    "fell": ("他往后退了几步，脚下一绊就坐下了", "像是被人从后面碰了一下", "我转过头时他已经躺在地上了"),
    "side": ("东", "西", "路牙子那边"),
    "knows": ("认识，一条街上的", "见过几次，不熟", "不认识，后来才知道名字"),
    "heard": ("有人喊别打了", "有人说算了算了", "好像在说修车的钱"),
    "called": ("店主", "一个过路的女的", "我"),
    "minutes": ("五", "八", "十", "十几"),
    "left": ("没有，一直在", "中间进店拿过一次水", "去路边看过一眼车"),
    "proof": ("有，手机有通话记录", "付款记录上有时间", "没有，是估计的"),
    "others": ("李某和孙某在", "王某也在", "钱某在收摊"),
    "lineup": ("一眼就认出了六号", "看了两遍，觉得四号像", "没有认出来"),
    "moved": ("有人把碎玻璃扫到了路边", "没有人动过", "我不知道"),
}
_PLACE = "平舆县公安局执法办案区 2 号讯问室"


def papers() -> tuple[Paper, ...]:
    """Return the file's papers in their order; about 66 pages."""
    dice = Random(_SEED)  # noqa: S311 - the same invention each time; nothing secret
    made = [
        _form("卷宗封面", "一、受案与立案", _COVER, in_colour=True),
        _form("受案登记表", "一、受案与立案", _INTAKE, in_colour=True),
        _form("立案决定书", "一、受案与立案", _OPENED, in_colour=True),
        _form("拘留证", "一、受案与立案", _DETAINED, in_colour=True),
        _form("逮捕证", "一、受案与立案", _ARRESTED, in_colour=True),
        _record("报案笔录", _WITNESSES[0], 2, dice),
        *(_record(f"询问笔录（证人{one.name}）", one, 4, dice) for one in _WITNESSES),
        _record("询问笔录（被害人刘某某，一）", _VICTIM, 4, dice),
        _record("询问笔录（被害人刘某某，二）", _VICTIM, 3, dice),
        *(_record(f"讯问笔录（{number}）", _SUSPECT, 4, dice) for number in "一二三四"),
        *(_record(f"讯问笔录（同案王某，{number}）", _ACCUSED_TOO, 4, dice) for number in "一二三"),
        _form("现场勘验笔录", "三、勘验与鉴定", _SCENE, in_colour=False),
        _form("监控说明", "三、勘验与鉴定", _CAMERA, in_colour=False),
        _form("人体损伤程度鉴定意见", "三、勘验与鉴定", _INJURY, in_colour=True),
        _form("起诉意见书", "四、诉讼文书", _OPINION, in_colour=True),
    ]
    return tuple(made)


def _form(title: str, section: str, paragraphs: tuple[str, ...], *, in_colour: bool) -> Paper:
    return Paper(title, section, tuple(_pages(title, paragraphs)), in_colour)


def _record(title: str, person: _Person, pages: int, dice: Random) -> Paper:
    """A record of questions and answers that fills `pages`."""
    head = (
        f"时间　2026 年 6 月 {dice.randint(12, 28)} 日 {dice.randint(8, 16):02} 时 40 分至 17 时 55 分",
        f"地点　{_PLACE}",
        "讯问人　贾某、贾某某　　　记录人　贾某",
        f"被问人　{person.name}　身份　{person.part}　出生　{person.born}　职业　{person.work}",
        "问：我们是平舆县公安局的民警，现依法向你了解有关情况。你要如实回答，听明白了吗？",
        "答：听明白了。",
    )
    paragraphs = list(head)
    room = pages * LINES_A_PAGE - 3
    while _lines_of(paragraphs) < room:
        paragraphs += _exchange(person, dice)
    while _lines_of(paragraphs) > room:
        paragraphs.pop()
    paragraphs.append(f"以上笔录我看过，和我说的一样。　　{person.name}（捺印）")
    section = "二、言词证据"
    return Paper(title, section, tuple(_pages(title, tuple(paragraphs))), person in {_SUSPECT, _ACCUSED_TOO})


def _exchange(person: _Person, dice: Random) -> tuple[str, str]:
    question, answer = dice.choice(_QUESTIONS)
    words = {name: dice.choice(choices) for name, choices in _WORDS.items()}
    return f"问：{question}", "答：" + answer.format(**words, stood=person.stood, saw=person.saw)


def _lines_of(paragraphs: list[str]) -> int:
    return sum(len(list(_wrapped(paragraph))) for paragraph in paragraphs)


def _pages(title: str, paragraphs: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    lines = [line for paragraph in paragraphs for line in _wrapped(paragraph)]
    for start in range(0, len(lines), LINES_A_PAGE):
        heading = title if start == 0 else ""
        yield (heading, *lines[start : start + LINES_A_PAGE])


def _wrapped(paragraph: str) -> Iterator[str]:
    for start in range(0, max(1, len(paragraph)), CHARACTERS_A_LINE):
        yield paragraph[start : start + CHARACTERS_A_LINE]


_COVER = (
    "",
    "　　　　　　　刑 事 侦 查 卷 宗",
    "　　　　　　　（诉讼证据卷）",
    "",
    "案件名称　张某、王某故意伤害案",
    "案件编号　A4117230000002026060012",
    "犯罪嫌疑人　张某、王某",
    "立案时间　2026 年 6 月 12 日",
    "立卷单位　平舆县公安局刑事侦查大队",
    "本卷为演示所用，人物、事件和文号均为虚构。",
)
_INTAKE = (
    "受案单位　平舆县公安局东关派出所",
    "报案人　李某　　报案方式　电话",
    "报案时间　2026 年 6 月 12 日 21 时 58 分",
    (
        "简要案情　2026 年 6 月 12 日晚，本县东关路口发生打架，刘某某头部受伤，已送县人民医院。"
        "现场有李某、赵某、钱某、孙某等人。受案登记时间 2026 年 6 月 13 日 08 时 55 分。"
    ),
    "受案意见　属本单位管辖的刑事案件，建议立案侦查。",
)
_OPENED = (
    "平公（刑）立字〔2026〕126 号",
    "根据《中华人民共和国刑事诉讼法》第一百一十二条之规定，决定对张某、王某故意伤害案立案侦查。",
    "　　　　　　　　　　　　　　　　　　　　　　　二〇二六年六月十三日",
)
_DETAINED = (
    "平公（刑）拘字〔2026〕88 号",
    (
        "根据《中华人民共和国刑事诉讼法》第八十二条第一项之规定，兹决定对犯罪嫌疑人张某执行拘留，"
        "送平舆县看守所羁押。本证已于 2026 年 6 月 13 日 15 时向我宣布。　　张某（捺印）"
    ),
)
_ARRESTED = (
    "平公（刑）捕字〔2026〕61 号",
    (
        "根据《中华人民共和国刑事诉讼法》第八十条之规定，经平舆县人民检察院批准，"
        "兹由我局对涉嫌故意伤害罪的张某执行逮捕，送平舆县看守所羁押。　　张某（捺印）"
    ),
)
_SCENE = (
    "勘验时间　2026 年 6 月 12 日 22 时 40 分至 23 时 50 分　　天气　晴",
    (
        "现场位于平舆县东关路与健康街交叉口东北角，路口东侧为李某烧烤店，店门距路沿 4.2 米。"
        "路口设有路灯三盏，其中东侧一盏不亮。"
    ),
    (
        "在店门前地面 1.6 米乘 0.9 米范围内发现玻璃碎片 23 片，最大一片长 6.1 厘米，均已提取。"
        "碎片上未检出有比对价值的指纹。"
    ),
    "在路沿石上发现滴落状可疑血迹三处，分别编号为 1、2、3，用棉签擦拭提取。",
    "现场由民警贾某、贾某某勘验，见证人许某。制现场图一张，拍照片四十六张。",
    "勘验中发现地面有清扫痕迹，据在场人称，民警到达前有人将部分碎片扫至路边。",
    "对店内监控主机进行检查，主机显示时间比北京时间慢 6 分钟，已记录并拍照固定。",
)
_CAMERA = (
    "调取单位　平舆县公安局刑事侦查大队　　调取对象　东关路口 3 号摄像机、李某烧烤店店内摄像机",
    "东关路口 3 号摄像机当晚 20 时至 23 时录像因设备检修缺失 11 分钟，缺失区间为 21 时 41 分至 21 时 52 分。",
    "店内摄像机画面显示时间 21 时 47 分，有多人在门外聚集，画面不能辨认面部。经核对，显示时间慢 6 分钟。",
    "校正后，多人聚集的时间为 21 时 53 分。录像已刻录光盘一张，随卷移送。",
    "公交站牌处摄像机不属本局管理，是否留存当日录像，尚待函询。",
)
_INJURY = (
    "平公物鉴（法临）字〔2026〕203 号",
    "委托单位　平舆县公安局　　被鉴定人　刘某某　　鉴定日期　2026 年 7 月 2 日",
    "被鉴定人左顶部见一处斜行创口，长 5.3 厘米，已缝合七针，创缘不整齐，创腔内曾取出细小玻璃碎片。",
    "头颅 CT 示颅骨未见骨折，颅内未见出血。被鉴定人诉头晕，神经系统检查未见阳性体征。",
    "根据《人体损伤程度鉴定标准》5.1.4 之规定，其损伤程度评定为轻伤二级。",
    "分析说明　创口特征符合具有棱边的物体作用所致，跌倒时头部碰撞地面碎玻璃亦可形成，依现有材料不能排除。",
    "鉴定意见　刘某某的损伤程度为轻伤二级。　　鉴定人　鲁某、包某",
)
_OPINION = (
    "平公（刑）诉字〔2026〕97 号",
    "犯罪嫌疑人张某，男，1998 年 3 月出生，平舆县某修理店工人，无前科。",
    "犯罪嫌疑人王某，男，1995 年 8 月出生，无固定职业，无前科。",
    (
        "经依法侦查查明：2026 年 6 月 12 日晚，张某、王某与刘某某因修车费用在东关路口发生争执，"
        "继而相互推搡，刘某某头部受伤，经鉴定为轻伤二级。"
    ),
    (
        "认定上述事实的证据有：报案记录，证人李某、赵某、钱某、孙某、许某的证言，被害人刘某某的陈述，"
        "犯罪嫌疑人张某、王某的供述和辩解，现场勘验笔录，监控说明，鉴定意见等。"
    ),
    (
        "综上所述，犯罪嫌疑人张某、王某的行为触犯了《中华人民共和国刑法》第二百三十四条之规定，"
        "涉嫌故意伤害罪。现将此案移送审查起诉。"
    ),
    "此致　平舆县人民检察院　　　　附：本案卷宗三卷，犯罪嫌疑人现羁押于平舆县看守所。",
)
