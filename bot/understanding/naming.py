"""Words as names: of products, of people, one-time codes; and what is no part of one."""

import re
from collections.abc import Callable
from typing import Any

from bot.slots import Kind
from bot.understanding import specs, wording
from bot.understanding.normalise import SILENT

TARGETS = frozenset({Kind.SKU, Kind.SKUS})
# What is no part of a name at its edges.
_BEFORE_NAME = re.compile(
    r"^(?:把|将|给(?!皂)|请|帮我|帮忙|麻烦|一下|的|了|那个|这个|商品|新品|产品|一款|一个|一种|个|[,.!:;\"'()\-=]|(?:the|a|an|of|for|our|some|called|named|please|pls)\b|\s)+",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(
    r"(?:的|了|吧|啊|呀|呢|哦|哈|嘛|吗|一下|呗|我们也?|咱们也?|现在|开始|也|再加?|又加?|多[开加出添]|\s[备留放进]了?|帮我|帮忙|给我|那个|这个|这款|那款|[,.!?:;\"'()\-=]|\b(?:please|pls|to|is|are|for|at|by|of|in|on)|\s)+$",
    re.IGNORECASE,
)


_OWNER = re.compile(
    r"(?:^|帮|给|把|[,.\ue000-\uf8ff])(?P<who>[\u4e00-\u9fff]{1,2}(?:哥|姐|叔|姨|婶|总|先生|女士|小姐|老师|老板|婆婆|阿姨|师傅|太太|经理|医生|妈妈|爸爸|奶奶|爷爷|外婆)"
    r"|(?:小|老|阿)[\u4e00-\u9fff]{1,2}|[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文][\u4e00-\u9fff]{1,2}"
    r"|[a-z]{2,12}(?='s)?)(?:的那?单?|那个?单?|'s)?$"
)
_TITLED = re.compile(
    r"(?:帮|给|把|替|退|付|收|^|[,. \ue000-\uf8ff])(?P<who>(?:[\u4e00-\u9fff]{1,2}(?:先生|女士|小姐|太太|老师|老板|经理|师傅|阿姨|医生|婆婆|妈妈|爸爸|奶奶|爷爷|外婆|[哥姐叔姨婶总太])"
    r"|[小老阿][\u4e00-\u9fff](?![\u4e00-\u9fff]?[板师子])))(?:的?(?:那|这|嗰)(?:个|一)?单?|的?(?:订单|单子|货款)|的)?"
)
_HIS_ORDER = re.compile(
    rf"^(?:把|将|给|帮)?(?P<who>[{wording.SURNAMES}][\u4e00-\u9fff]{{1,2}}?)的?(?:那|这)?一?个?(?:订单|单子|单)"
)
_NO_PERSON = re.compile(
    r"确认|标记|记|那单|这单|谁|是|客户|客人|顾客|买家|订单|单子|单号|那个|这个|帮|给|把|将|请|麻烦|刚|昨|今|明|快递|顺丰|中通|圆通|申通|韵达|极兔|京东|邮政|德邦|发|退|取消|收|付|查|看|改|补|已|先(?!生)|就|都|我|你|order|ship|refund|cancel|mark|send|paid|for|is|the|please|number|where|what|when|which|how|who|void|scrap|drop|kill|abort"
)
_NO_NAME = re.compile(
    r"(?:the|a|an|our|all|[那这][个盆瓶盒包袋双套罐支本把台杯件条款种些]|价格?|售价|库存|数量|商品|产品|货|东西|订单|单子|库|数|销量|系统|标价|那天|那单|单|款|货款|钱|哪[些个款种]|哪些库存|什么库存|刚才?|刚说的?|再|又|上面|店铺?|本店|小店|店面|门店|同款|一样的|it|them|that|this|one|price|prices|stock|inventory|products?|items?|orders?|everything|anything|something|today|now| )+",
    re.IGNORECASE,
)
_NOUN_TAIL = re.compile(
    r"[盒装套盖袋架垫杯壶碗盘子板包垫签布机器片块条]|礼盒|套装|大号|小号|礼品|套组|配件"
)

_CODE = re.compile(r"(?<![0-9A-Za-z\-])[0-9A-Za-z][0-9A-Za-z\-]{3,}(?![0-9A-Za-z])")
_COINED = re.compile(
    r"(?P<code>[A-Z][A-Z0-9]*-[A-Z0-9\-]+(?=.*[^\sA-Z0-9])|(?=\S*[0-9])[A-Za-z]+-[A-Za-z0-9\-]+)\s+(?P<name>.+)"
)
# A name is rarely said with these: they are about it.
_NO_NAME_ALONE = re.compile(
    rf"^(?:新[到来进上]|刚[到来进]|这[款个种]|以后|今后)|(?:[^搭组重改兴在]建|收?录|登记|[卖挂]上?|帮我|系统|以前|没[有录建]?过?)$|以前|/|^[{specs.COLOURS}]色?[ 0-9SMLX]|^[0-9.]+(?:ml|l|g|kg|元|块)|各[0-9]|{specs.KEY_WORDS}|年份|度数|型号|[\u3400-\u9fff] [0-9]"
)
_HYPHENED = re.compile(r"[A-Za-z]+-[A-Za-z\-]+\s+[\x00-\x7f]+")
_SOUGHT_TAIL = re.compile(
    r"(?:(?:这?[一两二三几]个?|俩)字(?:的|儿)?|俩|的|有关|相关| (?:in it|in the name|in them|in the title))+$"
)
_SOUGHT_HEAD = re.compile(
    r"^(?:有没有|有?没有?(?:带有?|含有?|叫)|(?:带有?|含有?)(?=.*字)|有?没有?(?=跟|和|与|同|关于|带|含)|(?:跟|和|与|同|关于)(?=.*(?:有关|相关))|下(?!饭)|已经"
    r"|(?:show me|find me|find|list)\b|\b(?:everything|anything|something|all|stuff|things) (?:with|in)\b| )+",
    re.IGNORECASE,
)
_NOTHING_SOUGHT = re.compile(
    r"(?:有?没有?名?(?:字|称)?里?|正在?|已经?|分类|类别|类|里|下面|都|stuff|things?|goods|everything|anything|find|under|\s)+",
    re.IGNORECASE,
)
_MEMBER_HEAD = re.compile(
    r"^(?:新来的?|新招的?|刚来的?|我们?店?的?|咱们?的?|店里的?|那个|这个"
    r"|媳妇|老婆|老公|弟弟?|妹妹?|哥哥?|姐姐?|儿子|女儿|表[弟妹哥姐]|兼职的?|实习生?|暑假工|临时工|同事|合伙人|收银员?|仓管)+(?=[^\s的]{2,})"
)
_MEMBER_TAIL = re.compile(
    r"(?:以后|今后|往后|从今天起|从现在起|现在|也|算|只能?|只给|就|这(?:个人|孩子|小伙子?)|同学|提成?|升[成为]?|变成?)+$"
)
_WITH_SPEC = re.compile(
    r"(?P<name>.*[^\s])\s+(?P<value>[\u4e00-\u9fff]{1,5}(?:色|香型|口味|味|款)|[大中小]号|均码|[0-9]+(?:\.[0-9]+)?(?:米|寸|厘米|cm|mm|ml|毫升|升|kg|g|克|斤|公斤))"
)
# A spec that a known product gets: 多开一个码, 加个新颜色.
VARIANT = re.compile(
    r"\s*(?:再|又|多|新)*(?:加|开|出|上|增|添)加?(?:了|一)?[个款种]?新?(?:的)?(?P<value>[\u4e00-\u9fff]{0,4}?)(?P<key>颜色|规格|口味|尺寸|尺码|款式?|码|色|味|香型|包装|容量)(?:的|是|叫)?\s*"
)
_CALLED = re.compile(r"^(?:(?:名字|名称|品名|商品名)?(?:就?叫做?|取名|为|是|[:：])|名叫|名为)")
_CALLED_SO = re.compile(
    r"^(?:店里|我们店?|咱们?店?|本店)(?:也|要|开始|准备|打算|现在|以后|今后|新)*(?:卖|上|进)(?:个|款|了)?(?=..)|^(?:[啦了吧呀啊]\W*\s|\W+\s)|(?:也|都|给)?(?:[建录登加挂上摆]上(?:去|来)?(?:卖|吧)?|加进[来去](?:卖)?|上架|录进[来去]|建[个一]下|[上录]一下|(?:还|都)?(?:没有?|不)在?(?:系统|店里?|库里?)里?面?(?:头|的)?|(?:系统|店|库)里面?(?:还|都|也)?没有?)$"
)
_CATEGORY_WORD = re.compile(
    r"^(?:the )?(?:category|section)(?: of)? |^(?:放|归|摆|挪)?(?:到|在|进|入|为|是|放)+(?=.)|^[放归](?=.{2})|\s*[这那](?:一?[类个边]?)(?:去|里)?$|(?:这个)?(?:分类|类目|类别|品类)(?:下面|里面?|下|去)?$|(?<=..)里面?$",
    re.IGNORECASE,
)
_ANYBODY = frozenset("他她它你我谁") | {"人家", "他们", "her", "him", "them", "someone"}
_COMMON = 2  # pairs of letters
_PARTED = re.compile(r"[\u3400-\u9fff]\W*\s\W*[\u3400-\u9fff]")
_LONGEST_TAIL = 3


def trimmed(words: str) -> tuple[int, int]:
    """Where the name in some words begins and ends; nothing is left where it is none."""
    low = len(words) - len(_BEFORE_NAME.sub("", words))
    return low, len(_AFTER_NAME.sub("", words))


def clean(words: str) -> str:
    """Words bound by a pattern, without what is no part of a name at their edges."""
    return _AFTER_NAME.sub("", _BEFORE_NAME.sub("", words)).strip()


def sought(words: str) -> str:
    """Words to search for, without what only asks for the search; "" where nothing else is said."""
    plain = _SOUGHT_TAIL.sub("", _SOUGHT_HEAD.sub("", words))
    if _NOTHING_SOUGHT.fullmatch(plain):
        return ""
    rest = wording.FILLER.sub("", wording.ASKING.sub("", plain.casefold()))
    return plain if rest.strip(" ,.;:!?") else ""


def member(words: str) -> str:
    """A person's name without what is said of them: 新来的小高, 我媳妇阿芳以后."""
    return _MEMBER_TAIL.sub("", _MEMBER_HEAD.sub("", words))


def customer_name(words: str) -> str:
    """A customer's name without the verb behind it: 王姐下的单."""
    return re.sub(r"(?<=[\u4e00-\u9fff]{2})(?:[下买订要那的]|下过|买过)+$", "", words)


def with_spec(words: str) -> tuple[str, str, str] | None:
    """A new name, and the key and value of a spec behind it: BB霜 自然色; None without one."""
    match = _WITH_SPEC.fullmatch(words)
    if match is None:
        return None
    key = next((k for k in ("香型", "口味", "颜色") if match["value"].endswith(k)), "")
    value = match["value"].removesuffix(key) if key else match["value"]
    return match["name"], key or specs.key_of(value), value


def called(words: str) -> str:
    """A new name without what says that it is one: 名字叫退休老头帽, 手套建上."""
    said = _CALLED_SO.sub("", _CALLED.sub("", words)).strip()
    return said or words


def plain(words: str, known: Callable[[str], bool]) -> bool:
    """Whether a new name is a name alone: in one piece, and not of words that are said around one.

    ``known`` tells of two letters, or a Latin word, whether people say them around commands:
    有个新东西要卖.
    """
    if _HYPHENED.fullmatch(words) or _NO_NAME_ALONE.search(words):
        return False  # mug-xl big mug: a code and a name, or a name alone
    pairs = [words[i : i + 2] for i in range(len(words) - 1) if not words[i : i + 2].isascii()]
    pairs = words.split() if words.isascii() else pairs
    common = sum(known(pair) for pair in pairs)
    return not _PARTED.search(words) and (common < _COMMON or 2 * common < len(pairs))


def said_around(words: str, known: Callable[[str], bool]) -> bool:
    """Whether words are what people say around a command to the last pair of letters: 挂上去卖."""
    return all(known(words[i : i + 2]) for i in range(max(len(words) - 1, 1)))


def category(words: str) -> str:
    """A category without the word for it: 包包/小包分类, category 零食/夹心."""
    return _CATEGORY_WORD.sub("", words).strip() or words


def sayable(kind: Kind, words: str) -> bool:
    """Whether words can be what a slot of this kind takes; 库存 and price name no product."""
    if kind is Kind.SECRET:
        return re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z\-]{3,}", words) is not None
    if kind is Kind.USER:
        return words not in _ANYBODY and not wording.NEGATION.search(words)
    if kind is Kind.PERSON:
        return not _NO_PERSON.search(words)
    short = len(words) < 2 and not words.isascii()
    return kind not in TARGETS or not (short or _NO_NAME.fullmatch(words))


def unknown_target(words: str) -> dict[str, Any]:
    """Letters with digits and no blanks are a code, anything else a name."""
    if re.fullmatch(r"(?=.*[0-9])(?=.*[A-Za-z])[0-9A-Za-z][0-9A-Za-z\-_./]*", words):
        return {"code": words.upper()}
    return {"name": words}


def coined(words: str) -> tuple[str, str]:
    """A code of one's own and the name after it: JK-02 牛仔夹克; no code as ""."""
    match = _COINED.fullmatch(words)
    return (match["code"].upper(), match["name"]) if match else ("", words)


def signs_before(text: str) -> str:
    """The emoji that a text ends in, right before a name: 🍵礼盒."""
    match = re.search(rf"(?:^|\s)(?P<signs>(?:{SILENT.pattern})+)$", text)
    return match["signs"] if match else ""


def customer(masked: str, before: int | None) -> re.Match[str] | None:
    """Whose order it is: in the cells right ``before`` its number, 赵哥3095的账, or by a title."""
    match = _OWNER.search(masked[:before]) if before is not None else None
    match = match or _TITLED.search(masked) or _HIS_ORDER.search(masked)
    if match is None or _NO_PERSON.search(match["who"]):
        return None
    doubted = any(pattern.search(match["who"]) for pattern in wording.DOUBTS.values())
    return None if doubted else match


def lengthens(words: str) -> bool:
    """Whether letters behind a known name make another one of it: 礼盒 behind 手冲壶."""
    return len(words) <= _LONGEST_TAIL and _NOUN_TAIL.match(words) is not None


def codes_in(text: str) -> list[re.Match[str]]:
    """What may be a one-time code: letters and digits, with a digit or a hyphen."""
    return [m for m in _CODE.finditer(text) if re.search(r"[0-9\-]", m[0])]
