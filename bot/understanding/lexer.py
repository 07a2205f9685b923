"""A normalised line -> its values: products, numbers, money, dates and the rest, each once."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.understanding import numerals, specs, times
from bot.understanding.catalogue import Catalogue
from bot.understanding.catalogue import Found as Named
from bot.understanding.numerals import HANZI
from bot.understanding.tokens import Line, Token, line_of

# What goods are counted in. 箱 and its kin are apart: how many units one holds nobody here knows.
UNITS = "件个只盒瓶包袋条双套罐张本支把台杯份枚颗册听桶饼串束朵盆碗片根卷筒副对架部幅粒篮坛壶株棵团款样种单笔名管盏板床棒段顶樽"
PACKS = "箱提排捆扎垛车托"
_PACK = rf"[{PACKS}](?!醒|前)"  # 低于5提醒
_UNIT = (
    rf"(?:[{UNITS}](?![{UNITS}]?(?:月|小时|星期|礼拜|码|色|人|钟头|工作日))(?!(?<=款)(?:[已到项付收]))(?!(?<=部)分)(?!(?<=单)号)(?!(?<=包)(?:好|完|裹|邮|装|起))(?!(?<=[瓶盒袋箱罐包])子)"
    r"|(?:pcs|pieces?|pc|units?|items?|sets?|boxes|box|bottles?|bags?|packs?|cups?|tins?|cans?|jars?|loaves|loaf|books?|pairs?|copies|copy)\b)"
)
_YUAN = r"(?:元钱|块钱|元整|元|块|圆(?!通)|(?:rmb|cny|yuan|kuai|bucks)\b)"
_NUM = r"[0-9]+(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]+)?"
_CN = rf"(?:(?<!统){HANZI}+(?:点[零一二三四五六七八九]+)?)"
_IDIOM = re.compile(
    r"[零十]分(?!钟)|一(?:下|共|起|样|直|般|些|点|会|定|边|律|键|早|半|旦|向|切|律|致|同|览|号店|次性?|到|就|看|时|方面|步|如|趟|遍|行|来|家|想|说|查|问|口气|并)"
    r"|[统唯万之第同逐单专]一|[百千]分|千万(?!元|块)|万(?:能|用|象|分|般|福|家)|(?:周|星期|礼拜)[一二三四五六]|两(?:边|者|头|样|码)|三(?:方|明治|角)|四季|五金|六神|七(?:上|夕)|八(?:宝|角|卦)|九(?:阳|牧)"
)
_LEADS = re.compile(
    r"(?:[补到加成为至剩余减扣盘有是降涨调改进出入设点数清卖价收退少于只的了多坏碎烂破死报损掉赔返剩+\-=:,\s]|预警|提醒|警戒|库存|实数|数量|前|to|at|about|现在)$"
)
# After a number that follows an amount: 99元三天 is no 99.30.
_SPAN = r"(?!\s?(?:[天周日年月]|小时|钟头|分钟|星期|礼拜|个(?:月|小时|钟头|星期|礼拜)))"
_MONEY = re.compile(
    rf"(?:¥|(?:rmb|cny)\s?)\s?(?P<y>[0-9]+(?:,[0-9]{{3}}(?![0-9]|\s?[{UNITS}]))*(?:\.[0-9]+)?)(?:{_YUAN})?(?![0-9A-Za-z_])"
    rf"|(?<![0-9A-Za-z_.\-/])(?P<a>{_NUM})\s?(?P<am>[万千])?{_YUAN}(?:(?P<at>[0-9]){_SPAN}(?:毛|角)?(?![0-9.]|\s?[{UNITS}{PACKS}])|(?P<ad>[0-9]{{2}}){_SPAN}(?![0-9.])|(?P<ah>[一二三四五六七八九半]){_SPAN}(?:毛|角|(?!{HANZI}|[{UNITS}{PACKS}])))?(?:钱)?(?![0-9A-Za-z_])"
    rf"|(?P<c>{_CN}){_YUAN}(?:零(?P<cz>[一二三四五六七八九])分?(?![{UNITS}{PACKS}])|(?P<ct>[一二三四五六七八九半]){_SPAN}(?:(?:毛|角)(?:(?P<cf>[一二三四五六七八九])(?:分|(?![{UNITS}{PACKS}])))?|(?![{UNITS}{PACKS}]))(?!{HANZI}(?![{UNITS}{PACKS}])|折)|(?P<cd>[0-9]){_SPAN}(?![0-9.]))?(?:钱)?"
    rf"|(?<![0-9A-Za-z_.\-/])(?P<m>[0-9]|[一二三四五六七八九])(?:毛|角)(?P<mf>[1-9一二三四五六七八九](?![{UNITS}{PACKS}0-9]))?(?:钱)?",
    re.IGNORECASE,
)
# A price for each: 20一袋, 每瓶49. 每件20 may be a restock of several.
_EACH = re.compile(
    rf"(?<![0-9A-Za-z_.\-/])(?P<before>{_NUM})一[{UNITS}](?![{UNITS}分])"
    rf"|(?<!{HANZI})(?P<spoken>{HANZI}{{0,6}}[十百千]{HANZI}{{0,6}}?[二三四五六七八九])一[{UNITS}](?![{UNITS}])"
    rf"|每[盒瓶包袋双套罐支本把台杯份颗听桶串束朵盆根卷筒斤]\s?(?P<after>{_NUM})(?!\s?[{UNITS}{PACKS}0-9.])"
)
_NEGATIVE = re.compile(rf"(?<![0-9A-Za-z])-\s?{_NUM}{_YUAN}", re.IGNORECASE)
_FOR_EACH = re.compile(rf"\s?(?:/|每|一|1)[{UNITS}{PACKS}](?![0-9一二三四五六七八九十])")
_EACH_IS = re.compile(rf"(?<![0-9一二三四五六七八九十百])[一每][{UNITS}{PACKS}]$")  # 一袋十八块八
_OFF = re.compile(
    r"(?:打|打个)?(?P<a>[0-9](?:\.[0-9])?|[1-9][0-9])折|(?:打|打个)?(?P<c>[一二三四五六七八九][点]?[一二三四五六七八九]?)折"
    r"|(?P<half>半价|对折|打对折|\bhalf price\b|\bhalf off\b)|(?P<off>[0-9]{1,2})\s?(?:%|percent) (?:off|discount)",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    r"(?P<tenth>[一二两三四五])成(?![本功为了员])|(?P<a>[0-9]{1,3}(?:\.[0-9])?)\s?(?:%|个点|\bpercent\b)|百分之(?P<c>[一二三四五六七八九十百]+)"
)
_HASH = re.compile(r"#\s?(?P<number>[0-9]{3,20})(?![0-9A-Za-z_])")
_NUMBERED = re.compile(
    r"(?:订单号?|单号|单子|\border(?:s|s? no\.?|s? number)?)\s?(?:是|为|[:#])?\s?(?P<number>[0-9]{4,10})(?![0-9A-Za-z_件个])|(?<![0-9A-Za-z_.\-])(?P<after>[0-9]{4,10})(?=\s?(?:号?订单|这个?单|那个?单|号单|这单|那单|人家|客户|客人|顾客|\border\b))",
    re.IGNORECASE,
)
_SPOKEN_ORDER = re.compile(
    r"(?:订单号?|单号)\s?(?:是|为)?\s?(?P<number>[零一二三四五六七八九]{4,6})(?![零一二三四五六七八九十百千])"
    r"|(?<![零一二三四五六七八九十百千])(?P<after>[零一二三四五六七八九]{4,6})(?=号?订单|号?这个?单|号?那个?单|号单|号那|号这)"
)
_PHONE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_TRACKING = re.compile(
    r"(?<![0-9A-Za-z_\-])(?:[A-Za-z]{1,4}[0-9]{6,22}|[0-9]{11,22})(?![0-9A-Za-z_])"
)
_MENTION = re.compile(
    r"@(?P<name>[^\s@,;:!?]{1,40})|(?<![0-9A-Za-z])(?P<id>(?:feishu|wecom|console):[0-9A-Za-z_\-.]{1,64})"
)
_ALL = re.compile(
    r"全部(?:商品|货品|产品|东西)?|所有(?:的)?(?:商品|货品|产品|东西|货)?|全场|全店|整店|店里所有(?:商品|东西)?"
    r"|\b(?:everything|all (?:the )?(?:products|items|goods|skus)|the whole (?:shop|store))\b",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    rf"(?P<sign>[+\-])\s?(?P<num>{_NUM}|{_CN})\s?(?:(?P<unit>{_UNIT})|(?P<dozen>打(?!折))|(?P<pack>{_PACK}))?(?![0-9A-Za-z_%])",
    re.IGNORECASE,
)
_TIMES = re.compile(
    rf"(?:(?<![0-9A-Za-z])x|\*)\s?(?P<num>{_NUM})\s?(?P<unit>{_UNIT})?(?![0-9A-Za-z_])",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    rf"(?<![0-9A-Za-z_.])(?<![0-9A-Za-z][-/])(?P<num>{_NUM})\s?(?P<mul>[万千百](?![能货分]))?(?P<about>多|来|几)?\s?"
    rf"(?:(?P<unit>{_UNIT})|(?P<pack>{_PACK}|件装)|(?P<dozen>打(?!折|包|开|烂|碎|坏|电)|\bdozen\b))?(?P<around>左右|上下|不到)?",
    re.IGNORECASE,
)
_HANZI = re.compile(
    rf"(?P<half>半打)|(?P<num>{_CN})(?P<about>多|来(?!$)|几)?(?:(?P<unit>{_UNIT})|(?P<pack>{_PACK})|(?P<dozen>打(?!折|包|开|烂|碎|坏|电)))?(?P<around>左右|上下)?"
)
# "one" is a number behind a verb or a product, in "the red one" it is none.
_COUNTS_ONE = re.compile(
    r"(?:\0|\b(?:add|restock|deduct|remove|minus|plus|lost|broke|sold|took|take|count))\s+$",
    re.IGNORECASE,
)
_ODD = re.compile(
    r"(?<![0-9A-Za-z_\-])[0-9]+(?:_[0-9A-Za-z]+|\.[0-9]+\.[0-9]+|[eE][0-9]+|[²³¹])[0-9A-Za-z._²³]*|[^\W0-9a-zA-Z_\u3400-\u9fff]*[٠-٩۰-۹०-९²³¹]+"
)
_SHELF = re.compile(r"(?:分类|类目|类别|品类)?(?:下面?|里面?|那边)?去?$")
_STEPS = r"[\u4e00-\u9fffA-Za-z]{1,8}(?:/[\u4e00-\u9fffA-Za-z]{1,8}){1,4}"
_PUT = "归到|归入|挪去|移去|归去|归类到|放到|放进|放在|挪到|换到|移到|分到|调到|改到|转到"
_PATH = re.compile(
    rf"(?:分类|类目|类别|品类|{_PUT}|\b(?:category|into|under))(?:要|就|都)?(?:改|换|变|调)?(?:成|为|到|是)?\s?(?P<path>{_STEPS}?)(?=$|[\s,.!?;]|这|那|分类|类目|类别|下面|里|吧)"
    rf"|(?P<before>(?!(?:[\u4e00-\u9fff]{{0,6}}?)(?:{_PUT})){_STEPS})\s?(?:这个)?(?:分类|类目|类别)(?!改|换)",
    re.IGNORECASE,
)
# After a number these make it something else than a count: 3天, 52度, 2楼.
_NO_COUNT = re.compile(
    r"[A-Za-z_]|\s?(?:天|年|度|楼|层|号|小时|分钟|秒|米|cm|mm|寸|次|人|位|家|岁|期|级|代|连|周|个月|%|折|点(?![,. ]|$)|\.[0-9])"
)

Found = tuple[int, int, str, Any]


def line(text: str, catalogue: Catalogue | None, now: datetime) -> Line:
    """The line in cells. The surest values are looked for first, and none is cut by a later one."""
    page = _Page(text)
    page.take(_paths(text))
    if catalogue is not None:
        page.take(_goods(page.unread, catalogue))
        page.take(_own_values(page.unread, page.tokens, catalogue))
        page.take(_own_sizes(page.unread, page.tokens, catalogue))
        page.take(_own_measures(page.unread, page.tokens, catalogue))
    page.take(_codes_of_people(page.unread))
    page.take(times.find(page.unread, now))
    for reader in _READERS:
        page.take(reader(page.unread))
    return line_of(text, page.tokens)


class _Page:
    """A text of which values are read one kind after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._free = [True] * len(text)
        self.tokens: list[Token] = []

    @property
    def unread(self) -> str:
        """The text with NUL where something was read."""
        return "".join(
            char if free else "\0" for char, free in zip(self._text, self._free, strict=True)
        )

    def take(self, found: Iterable[Found]) -> None:
        """Keep the values that cut none that was read before."""
        for start, end, kind, value in found:
            if end > start and all(self._free[start:end]):
                self._free[start:end] = [False] * (end - start)
                self.tokens.append(Token(kind, start, end, value))


def _paths(text: str) -> Iterator[Found]:
    """A category path that is said to be one, its goods and all: 放到 护肤/面膜."""
    for match in _PATH.finditer(text):
        place = "path" if match["path"] else "before"
        path = _SHELF.sub("", match[place])
        start = match.start(place)
        yield start, start + len(path), "category", {"category": path}


def _goods(text: str, catalogue: Catalogue) -> Iterator[Found]:
    goods = catalogue.find(text)
    for found in goods:
        taste = _taste(found, goods, text, catalogue)
        kind = "spec" if taste else "category" if "category" in found.target else "sku"
        yield found.start, found.end, kind, taste or found.target


def _taste(
    found: Named, goods: Sequence[Named], text: str, catalogue: Catalogue
) -> tuple[str, str] | None:
    """A product that rather is a spec of another one: 草莓酸奶, 酸奶：原味20，草莓17."""
    if found.target.keys() != {"name"}:
        return None
    word = text[found.start : found.end]
    for other in goods:
        if "name" not in other.target or other.target["name"] == found.target["name"]:
            continue
        forms = catalogue.forms(other.target["name"])
        rest = text[: found.start] + text[found.end :]
        listed = other.end <= found.start and any(f in rest for f in forms if len(f) > 1)
        if word in forms and (found.end == other.start or listed):
            return forms[word]
    return None


def _own_measures(text: str, _: list[Token], catalogue: Catalogue) -> Iterator[Found]:
    """Numbers with the letters that this shop's own values have behind theirs: 36cm, 5J."""
    for suffix, key in catalogue.suffixes.items():
        if suffix[0] not in f"{UNITS}{PACKS}元块折点号月日年个%":
            said = rf"(?<![0-9A-Za-z.])[0-9]+(?:\.[0-9]+)?{re.escape(suffix)}(?![0-9A-Za-z])"
            for match in re.finditer(said, text, re.IGNORECASE):
                yield *match.span(), "measure", (key, match[0])


# 裸粉色 is not 粉色.
_TINT = r"(?<![裸浅深暗亮藕玫嫩雾烟灰奶墨酒枣豆超特松湖宝藏橄榄翠军姜橘樱莓])"


def _own_values(text: str, tokens: list[Token], catalogue: Catalogue) -> Iterator[Found]:
    """Spec values of the products that are named, where they stand alone: T恤白L 10 黑 5."""
    known = dict.fromkeys(t.value["name"] for t in tokens if t.kind == "sku" and "name" in t.value)
    for name in known:
        for form, (key, value) in catalogue.forms(name).items():
            if form.isdigit():
                continue
            edge = (
                r"[0-9A-Za-z]"
                if form.isascii()
                else r"[\u3400-\u9fff]"
                if len(form) == 1
                else r"(?!)."
            )
            said = (
                rf"(?<!{edge}){re.escape(form)}(?!{edge})"
                if len(form) == 1 or form.isascii()
                else re.escape(form)
            )
            for match in re.finditer(_TINT + said, text, re.IGNORECASE):
                yield match.start(), match.end(), "spec", (key, value)


def _own_sizes(text: str, tokens: list[Token], catalogue: Catalogue) -> Iterator[Found]:
    """Sizes that are plain numbers, right behind another spec and before a number: 蓝29：10."""
    known = dict.fromkeys(t.value["name"] for t in tokens if t.kind == "sku" and "name" in t.value)
    for name in known:
        sizes = {form: value for form, value in catalogue.forms(name).items() if form.isdigit()}
        for match in re.finditer(
            r"(?<=\0)\s?(?P<size>[0-9]{1,3})(?=\s*[:,]?\s*(?:[进补加到来减扣出]了?)?\s*[0-9])", text
        ):
            if match["size"] in sizes:
                yield match.start("size"), match.end("size"), "spec", sizes[match["size"]]


def _codes_of_people(text: str) -> Iterator[Found]:
    """Mentions, order numbers, phones and tracking numbers."""
    for match in _MENTION.finditer(text):
        yield match.start(), match.end(), "mention", match["name"] or match["id"]
    for match in _HASH.finditer(text):
        yield match.start(), match.end(), "order", match["number"]
    for match in _PHONE.finditer(text):
        yield match.start(), match.end(), "phone", match[0]
    for match in _TRACKING.finditer(text):
        yield match.start(), match.end(), "tracking", match[0]
    for match in _NUMBERED.finditer(text):
        group = "number" if match["number"] else "after"
        yield match.start(group), match.end(group), "order", match[group]
    for match in _SPOKEN_ORDER.finditer(text):
        group = "number" if match["number"] else "after"
        yield *match.span(group), "order", numerals.digits(match[group])


def _discounts(text: str) -> Iterator[Found]:
    for match in _OFF.finditer(text):
        factor = _factor(match)
        kind = "odd" if _cut_off(text, match) or not _sold_so(match, factor) else "off"
        yield match.start(), match.end(), kind, factor
    for match in _PERCENT.finditer(text):
        if match["tenth"]:
            value: Decimal | None = _small(match["tenth"].replace("两", "二")) * 10
        else:
            value = Decimal(match["a"]) if match["a"] else numerals.chinese(match["c"])
        if value is not None:
            yield match.start(), match.end(), "percent", value


def _sold_so(match: re.Match[str], factor: Decimal) -> bool:
    """Whether goods are sold so: 1折 to 9.9折; 11折 and 0.9折 are slips."""
    said = match["a"] or ""
    return Decimal("0.1") <= factor < 1 and not re.fullmatch(r"1[0-9]|0.*", said)


def _factor(match: re.Match[str]) -> Decimal:
    """8折 is 0.8, 95折 and 九五折 are 0.95, 20% off is 0.8."""
    if match["half"]:
        return Decimal("0.5")
    if match["off"]:
        return 1 - Decimal(match["off"]) / 100
    said = match["a"]
    if not said:
        digits = "零一二三四五六七八九"
        said = "".join(str(digits.index(char)) for char in match["c"] if char in digits)
    plain = said.replace(".", "")
    return Decimal(plain).scaleb(-len(plain))


def _money(text: str) -> Iterator[Found]:
    for match in _NEGATIVE.finditer(text):
        yield match.start(), match.end(), "odd", match[0]
    for match in _MONEY.finditer(text):
        if _IDIOM.match(text, match.start()):
            continue
        if _cut_off(text, match):
            yield match.start(), match.end(), "odd", match[0]
            continue
        value = _yuan(match)
        if value is not None:
            each, unit = _FOR_EACH.match(text, match.end()), _EACH_IS.search(text[: match.start()])
            start = unit.start() if unit else match.start()
            yield start, each.end() if each else match.end(), "money", value


def _prices(text: str) -> Iterator[Found]:
    for match in _EACH.finditer(text):
        written = match["before"] or match["after"]
        value = numerals.arabic(written) if written else numerals.chinese(match["spoken"])
        if value is not None:
            yield *match.span(), "money", value


def _yuan(match: re.Match[str]) -> Decimal | None:
    if match["m"]:
        return _small(match["m"]) / 10 + _hundredths(match["mf"])
    written = match["y"] or match["a"]
    value = numerals.arabic(written) if written else numerals.chinese(match["c"])
    if value is None:
        return None
    value *= {"万": 10_000, "千": 1000}.get(match["am"] or "", 1)
    if match["ad"]:
        return value + Decimal(match["ad"]) / 100
    tenths = match["at"] or match["ah"] or match["ct"] or match["cd"]
    value += _small(tenths) / 10 if tenths else 0
    return value + _hundredths(match["cz"] or match["cf"])


def _hundredths(digit: str | None) -> Decimal:
    return _small(digit) / 100 if digit else Decimal(0)


def _small(digit: str) -> Decimal:
    return (
        Decimal(5)
        if digit == "半"
        else Decimal("零一二三四五六七八九".index(digit) if not digit.isascii() else digit)
    )


def _values(text: str) -> Iterator[Found]:
    """Weights, volumes, sizes and colours."""
    for match in specs.WEIGHT.finditer(text):
        yield (
            match.start(),
            match.end(),
            "measure",
            ("重量", match[0].replace(" ", "").removesuffix("装")),
        )
    for match in specs.PACKING.finditer(text):
        yield match.start(), match.end(), "measure", ("包装", match[0])
    for match in specs.VOLUME.finditer(text):
        yield (
            match.start(),
            match.end(),
            "measure",
            ("容量", match[0].replace(" ", "").removesuffix("装")),
        )
    chinese = re.search(r"[\u3400-\u9fff]", text) is not None
    for match in specs.SIZE.finditer(text):
        if (chinese or match[0].isupper() or len(match[0]) > 1) and text[
            max(match.start() - 1, 0)
        ] != "'":
            yield match.start(), match.end(), "spec", ("尺寸", specs.size(match[0]))
    for match in specs.COLOUR.finditer(text):
        yield match.start(), match.end(), "spec", ("颜色", specs.colour(match[0]))


def _everything(text: str) -> Iterator[Found]:
    for match in _ALL.finditer(text):
        yield match.start(), match.end(), "all", match[0]


def _signed(text: str) -> Iterator[Found]:
    for match in _SIGNED.finditer(text):
        value = _value(match["num"]) if _is_sign(text, match) else None
        if value is None:
            continue
        if match["pack"]:  # how many one holds nobody here knows
            yield match.start("num"), match.end(), "boxes", value
            continue
        value *= numerals.DOZEN if match["dozen"] else 1
        yield match.start(), match.end(), "plus" if match["sign"] == "+" else "minus", value


def _multiples(text: str) -> Iterator[Found]:
    """*20 and x20, and what looks like a number and is none."""
    for match in _TIMES.finditer(text):
        value = _value(match["num"])
        if value is not None:
            yield match.start(), match.end(), "units", value
    for match in _ODD.finditer(text):
        yield match.start(), match.end(), "odd", match[0]


def _digits(text: str) -> Iterator[Found]:
    for match in _PLAIN.finditer(text):
        found = _plain(text, match)
        if found is not None:
            yield found


def _english(text: str) -> Iterator[Found]:
    for match in numerals.ENGLISH.finditer(text):
        value, said = numerals.english(match[0]), match[0].casefold()
        if value is not None and (said != "one" or _COUNTS_ONE.search(text[: match.start()])):
            yield match.start(), match.end(), "units" if "dozen" in said else "int", value


def _hanzi(text: str) -> Iterator[Found]:
    for match in _HANZI.finditer(text):
        found = None if _word(text, match) else _spoken(text, match)
        if found is not None:
            yield found


def _is_sign(text: str, match: re.Match[str]) -> bool:
    """Whether + or - is a sign, and no part of a code or a range of numbers."""
    at = match.start()
    before = text[at - 1] if at else ""
    if not before or before in " ,;:(\0":
        return True
    return not (before.isascii() and before.isalnum()) if match["sign"] == "-" else before != "+"


def _plain(text: str, match: re.Match[str]) -> Found | None:
    value = numerals.arabic(match["num"])
    end = match.start() + len(match[0].rstrip())
    bare = not (match["unit"] or match["pack"] or match["dozen"])
    if bare and _NO_COUNT.match(text, end):
        return None
    if value is None:
        return match.start(), end, "odd", match[0].strip()
    value *= {"万": 10_000, "千": 1000, "百": 100}.get(match["mul"] or "", 1)
    if match["dozen"]:
        value *= numerals.DOZEN
    kind = _kind(match, value, len(match["num"]))
    return match.start(), end, kind, value


def _kind(match: re.Match[str], value: Decimal, digits: int) -> str:
    if match["about"] or match["around"]:
        return "about"
    if match["pack"]:
        return "boxes"
    if match["unit"] or match["dozen"]:
        return "units"
    if value != int(value) or "." in match["num"]:
        return "decimal"
    return "digits" if 4 <= digits <= 10 and "," not in match["num"] else "int"


def _spoken(text: str, match: re.Match[str]) -> Found | None:
    """A number in characters, where it cannot be a part of a word."""
    if match["half"]:
        return match.start(), match.end(), "units", Decimal(6)
    value = numerals.chinese(match["num"])
    counted = match["unit"] or match["pack"] or match["dozen"]
    if value is None:
        run = re.fullmatch("[一二两三四五六七八九]{2}", match["num"])
        return (match.start(), match.end(), "about", Decimal(0)) if run and counted else None
    if _torn(text, match):
        return match.start(), match.end(), "odd", match[0]
    if not counted and not _stands_alone(text, match):
        return None
    if match["dozen"]:
        value *= numerals.DOZEN
    return match.start(), match.end(), _kind(match, value, digits=1), value


def _torn(text: str, match: re.Match[str]) -> bool:
    """Whether a blank stands in the middle of what may be one number: 一 百零九."""
    after = re.match(rf"\s+{HANZI}", text[match.end("num") :])
    return after is not None or _cut_off(text, match)


def _cut_off(text: str, match: re.Match[str]) -> bool:
    """Whether a number in characters may begin before a blank: 二 十块."""
    spoken = re.match(HANZI, match[0].removeprefix("打")) is not None
    return spoken and re.search(rf"{HANZI}\s+$", text[: match.start()]) is not None


def _word(text: str, match: re.Match[str]) -> bool:
    """Whether the characters are a part of a word: 一下, 统一, 上一条."""
    before = text[max(match.start() - 1, 0) : match.start()]
    if match["half"]:
        return False
    if match["num"] == "一" and before and before in "上下这那每第前后":
        return True
    if match["num"] == "一" and before and before == text[match.start() + 1 : match.start() + 2]:
        return True  # 排一排
    idiom = _IDIOM.match(text, max(match.start() - 1, 0)) or _IDIOM.match(text, match.start())
    return idiom is not None


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    after = text[match.end() : match.end() + 1]
    ends = not after or after in " ,.;:!?\n了吧啊呢哈哦的(" or after.isascii()
    leads = _LEADS.search(text[: match.start()]) is not None or match.start() == 0
    long = len(match["num"]) > 1
    return (ends and (leads or long)) or (leads and long)


def _value(written: str) -> Decimal | None:
    return numerals.arabic(written) if written[0].isascii() else numerals.chinese(written)


# What is looked for one after the other, the surest first.
_READERS: tuple[Callable[[str], Iterator[Found]], ...] = (
    _discounts, _money, _prices, _values, _everything, _signed, _multiples, _digits, _english, _hanzi,
)  # fmt: skip
