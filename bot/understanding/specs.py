"""Spec values: how they are said, and those that are what they are wherever they stand."""

import re
from functools import lru_cache

KEY_WORDS = "颜色|尺寸|尺码|口味|香型|重量|净重|容量|包装|款式"  # as people say them
COLOURS = "黑白灰红橙黄绿青蓝紫粉棕米金银咖"
_COLOUR_NAMES = (
    "米白|奶白|象牙白|本白|乳白|深灰|浅灰|麻灰|酒红|玫红|枣红|大红|粉红|橘红|橙红|墨绿|军绿|草绿|浅绿|深绿|果绿|薄荷绿|豆绿"
    "|天蓝|藏蓝|深蓝|浅蓝|宝蓝|湖蓝|雾蓝|牛仔蓝|藏青|卡其|驼|杏|焦糖|咖啡|香槟|玫瑰金|鹅黄|姜黄|土黄|柠檬黄|深紫|浅紫|香芋紫|裸粉|藕粉"
)
COLOUR = re.compile(
    rf"(?:(?:{_COLOUR_NAMES})(?:色|的|(?![\u3400-\u9fff]))|(?:深|浅|暗|亮)?[{COLOURS}](?:色|的(?=[A-Za-z0-9\u4e00-\u9fff ,\0]|$)))(?![泽彩])|(?<![\u3400-\u9fffA-Za-z0-9])[{COLOURS}](?![\u3400-\u9fffA-Za-z0-9])"
)
SIZE = re.compile(
    r"(?<![0-9A-Za-z./\-])(?:XXS|XS|XXXL|XXL|XL|[2-6]XL|S|M|L|均码|F(?=[码号的]|[^\u3400-\u9fff]|$))(?:码|号)?(?![0-9A-Za-z\-])"
    r"|(?:特大|加大|超大|大|中|小)(?:号|码)|(?<![0-9.])(?:3[4-9]|4[0-6]|[89][05]|1[0-8][05])码",
    re.IGNORECASE,
)
WEIGHT = re.compile(
    r"(?<![0-9A-Za-z.\-])(?:[0-9]+(?:\.[0-9]+)?|[半一二两三四五六七八九十百]+)\s?(?:kg|g|千克|公斤|克|斤|两(?![个件盒瓶包袋只条罐张套单]))(?:装)?(?![0-9A-Za-z])",
    re.IGNORECASE,
)
VOLUME = re.compile(
    r"(?<![0-9A-Za-z.])[0-9]+(?:\.[0-9]+)?(?:\s?ml|l|\s?毫升|\s?升)(?:装)?(?![0-9A-Za-z码号])",
    re.IGNORECASE,
)
PACKING = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:卷|只|片|支|包|袋|个|瓶|抽|枚|条|双|入)装")
_GRAMS = {"g": 1, "克": 1, "kg": 1000, "千克": 1000, "公斤": 1000, "斤": 500, "两": 50}


_KEY_OF = {"色": "颜色", "味": "口味", "码": "尺寸", "号": "尺寸", "香": "香型", "装": "包装"} | {
    **dict.fromkeys("米寸mM", "尺寸"),
    **dict.fromkeys("lL升", "容量"),
    **dict.fromkeys("gG克斤", "重量"),
}


def key_of(value: str) -> str:
    """The spec that a value nobody knows is of, by its last letter: 裸粉色 is a 颜色."""
    return _KEY_OF.get(value[-1:], "款式")


@lru_cache(maxsize=4096)
def forms(value: str) -> tuple[str, ...]:
    """How a value is said: 白色 is 白 and 白的 too, L is L码, 250g is 250克 and 半斤."""
    low = value.casefold()
    found = [low, *_shortened(low), *_weights(in_grams(low)), *_volumes(low)]
    if re.fullmatch(r".*[0-9a-z]", low) and not low.isdigit():
        found.append(f"{low}的")
    return tuple(dict.fromkeys(found))


def _shortened(low: str) -> list[str]:
    if len(low) > 1 and low.endswith("色"):
        return [f"{low[:-1]}的", low[:-1], f"{low}的"]
    if low in COLOURS:
        return [f"{low}色", f"{low}的"]
    if re.fullmatch(r"[a-z0-9]{1,4}", low):
        return [f"{low}码", f"{low}号", f"{low}的"]
    if len(low) > 2 and low[-1] in "型味款装":
        return [low[:-1], f"{low[:-1]}的", f"{low}的"]
    if re.fullmatch(r"[大中小]号", low):
        return [low[0], f"{low[0]}的", f"{low[0]}码"]
    return []


def _volumes(low: str) -> list[str]:
    match = re.fullmatch(r"([0-9.]+)(ml|毫升|l|升)", low)
    if match is None:
        return []
    units = ("ml", "毫升") if match[2] in {"ml", "毫升"} else ("l", "升")
    return [f"{match[1]}{unit}" for unit in units]


def fits(known: str, said: str) -> bool:
    """Whether a SKU's value is the one that is said."""
    return said.casefold() in forms(known) or known.casefold() in forms(said)


def in_grams(value: str) -> int:
    """A weight in grams, 0 for what is none."""
    match = re.fullmatch(
        r"([0-9]+(?:\.[0-9]+)?|[半一二两三四五六七八九十]+)\s?(kg|g|千克|公斤|克|斤|两)装?",
        value.casefold(),
    )
    if match is None:
        return 0
    number = {"半": 0.5, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}.get(match[1])
    if number is None:
        number = float(match[1]) if match[1][0].isdigit() else 0
    return round(number * _GRAMS[match[2]])


def _weights(grams: int) -> list[str]:
    if not grams:
        return []
    said = [f"{grams}g", f"{grams}克"]
    hanzi = {0.5: "半", 1: "一", 2: "两", 3: "三", 4: "四", 5: "五", 10: "十"}
    for unit, size in (("斤", 500), ("公斤", 1000), ("kg", 1000), ("两", 50)):
        number = grams / size
        plain = f"{number:g}"
        if number == int(number) or number == 0.5:
            said.append(f"{plain}{unit}")
            if number in hanzi and unit != "kg":
                said += [f"{hanzi[number]}{unit}", f"{hanzi[number]}{unit}装"]
    return said


def colour(said: str) -> str:
    """``灰``, ``灰的`` and ``灰色`` are 灰色."""
    bare = said.removesuffix("的").removesuffix("色")
    return f"{bare}色"


def size(said: str) -> str:
    """``xl码`` is XL; 大号 stays."""
    latin = re.fullmatch(r"([A-Za-z0-9]+)[码号]?", said)
    return latin[1].upper() if latin else said
