"""The shop's own catalogue as a dictionary: where a message names a product, and in which specs."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rapidfuzz.distance import OSA

from bot.understanding import sounds, specs
from bot.understanding.normalise import SILENT
from store import names

_GLUE = re.compile(r"[ 的/,]*")
_PLURAL = re.compile(r"(?:es|s)(?![a-z])")
_HANZI = re.compile(r"[\u3400-\u9fff]")
_TAIL, _SEVERAL = (2, 3), -1  # letters of a name's end that may stand for it
# No end of a name is a word of the shop: 订单 of 取消订单贴纸 is one.
_TAILED = re.compile(
    r"(?!(?:库存|订单|价格|售价|单价|数量|规格|颜色|分类|尺寸|商品|单子|折扣|海报|图片|报表|预警|什么|怎么|多少|哪里|哪个|哪些|为啥|这个|那个|东西|今天|昨天|明天|现在|名字)$)[\u3400-\u9fff]+"
)
_BEFORE_TAIL = frozenset(
    "的把给将和跟与查看找搜补加进到了下改调卖退换扣减盘点有个件只盒瓶包袋条罐张套支款种做发要拿送用是来让帮这那些问"
)
_NEAREST = 3
_CANDIDATES = 40  # names compared letter by letter for one unknown word


@dataclass(frozen=True, slots=True)
class Entry:
    """A SKU as the dictionary needs it."""

    code: str
    name: str
    specs: Mapping[str, str] = field(default_factory=dict)
    category: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Something named in ``text[start:end]``; ``target`` has the contract's name, code, specs.

    A category's target is ``{"category": path}``.
    """

    start: int
    end: int
    target: dict[str, Any]


class Catalogue:
    """Names, codes and spec values of a shop; immutable once made, so threads may share it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: list[tuple[str, tuple[tuple[str, str], ...]]] = []
        self._codes: dict[str, int] = {}
        self._products: dict[str, int | tuple[int, ...]] = {}
        self._names: list[str] = []
        self._product_of: dict[str, int] = {}
        self._categories: dict[str, str] = {}
        for entry in entries:
            self._add(entry)
        values = {form for _, known in self._entries for _, v in known for form in specs.forms(v)}
        self._tails = _tails(self._product_of, self._categories.keys() | values)
        keys = (*self._codes, *self._product_of, *self._categories, *self._tails)
        self._lengths = sorted({len(words) for words in keys}, reverse=True)
        self._first = frozenset(key[0] for key in keys)
        self._keys = tuple(self._product_of)

    def __len__(self) -> int:
        return len(self._entries)

    # Only words that no name has need these, and a shop of 100,000 pays seconds for them.

    @cached_property
    def _sounds(self) -> sounds.Index:
        return sounds.Index(self._names)

    @cached_property
    def _reordered(self) -> dict[frozenset[str], int]:
        """Names of several Latin words by their words in any order, -1 where several share them."""
        found: dict[frozenset[str], int] = {}
        for number, name in enumerate(self._names):
            if len(said := _word_set(name)) > 1:
                found[said] = number if said not in found else _SEVERAL
        return found

    @cached_property
    def _pairs(self) -> "dict[str, array[int]]":
        """Numbers of the names that hold two letters side by side."""
        found: dict[str, array[int]] = {}
        for number, key in enumerate(self._keys):
            for pair in _pairs(key):
                found.setdefault(pair, array("I")).append(number)
        return found

    def _add(self, entry: Entry) -> None:
        number = len(self._entries)
        self._entries.append((entry.code, tuple(entry.specs.items())))
        self._codes[_compact(_fold(entry.code))] = number
        key = _compact(names.name_key(entry.name))
        if key and key not in self._product_of:
            self._product_of[key] = len(self._names)
            self._names.append(entry.name)
        known = self._products.get(key, ())
        self._products[key] = (
            (*known, number)
            if isinstance(known, tuple) and known
            else (known, number)
            if isinstance(known, int)
            else number
        )
        if entry.category:
            path = _fold(entry.category)
            self._categories[_compact(path)] = entry.category
            for own in (path.rpartition("/")[2], path.partition("/")[0]):
                self._categories.setdefault(_compact(own), own)

    # Where a text names something.

    def locate(self, text: str) -> list[Found]:
        """Every product or code named in ``text``, leftmost first, the longest at each place."""
        return [found for found in self.find(text) if "category" not in found.target]

    def find(self, text: str) -> list[Found]:
        """Every product, code and category named in ``text``."""
        folded = _fold(text)
        compact, places = _compacted(folded)
        found: list[Found] = []
        at = 0
        while at < len(compact):
            end = self._longest(folded, compact, places, at)
            if not end:
                at += 1
                continue
            found.append(self._found(folded, compact[at:end], places[at], places[end - 1] + 1))
            stop = found[-1].end
            at = end
            while at < len(compact) and places[at] < stop:
                at += 1
        return found

    def target(self, words: str) -> dict[str, Any] | None:
        """What exactly these words name, or None."""
        for found in self.locate(words):
            if (found.start, found.end) == (0, len(words)):
                return found.target
        return None

    def alike(self, words: str) -> tuple[dict[str, Any], bool] | None:
        """What words that no name has sound or look like, if it is one thing alone.

        The flag: the words sound the same or are its initials, so it is as good as said.
        """
        key = _compact(names.name_key(words))
        heard = self._sounds.named(key)
        if heard is None:
            heard = self._reordered.get(_word_set(words))
        if heard is not None and heard >= 0:
            return {"name": self._names[heard]}, True
        close = self.nearest(words)
        return ({"name": close[0]}, False) if len(close) == 1 else None

    def heard(self, text: str) -> Found | None:
        """Where a name is said by its sound in a longer text: 那个茶背还有多少."""
        found = self._sounds.within(text)
        return Found(found[0], found[1], {"name": self._names[found[2]]}) if found else None

    def containing(self, words: str) -> list[str]:
        """Names in which the words stand: 礼盒 in 绿茶礼盒; 杯子 counts as 杯."""
        key = _compact(names.name_key(words))
        if len(key) > 1 and key.endswith("子"):
            key = key[:-1]
        if not key or key.isdigit() or (key.isascii() and len(key) < 3):
            return []
        pairs = [key[i : i + 2] for i in range(len(key) - 1)]
        if pairs:
            numbers = list(
                self._pairs.get(min(pairs, key=lambda p: len(self._pairs.get(p, ()))), ())
            )
        else:
            numbers = list(self._pairs.get(key, ()))
        keys = self._keys
        return [self._names[n] for n in numbers if key in keys[n]][:20]

    def nearest(self, words: str) -> list[str]:
        """Names that differ by a letter or two, the nearest first."""
        key = _compact(names.name_key(words))
        shared = Counter(number for pair in _pairs(key) for number in self._pairs.get(pair, ()))
        keys = self._keys
        most = 1 if len(key) < 6 else 2
        close = []
        for number, _ in shared.most_common(_CANDIDATES):
            away = OSA.distance(key, keys[number], score_cutoff=most)
            if away <= most and len(keys[number]) > most + 1 and len(key) > most + 1:
                close.append((away, self._names[number]))
        close.sort()
        return [name for away, name in close if away == close[0][0]][:_NEAREST]

    # What a target may mean.

    def codes(self, target: Mapping[str, Any]) -> tuple[str, ...]:
        """Codes of the SKUs a target may mean."""
        if "code" in target:
            return (str(target["code"]),)
        said = target.get("specs", {})
        return tuple(
            code
            for code, known in self._skus(str(target.get("name", "")))
            if all(specs.fits(dict(known).get(key, ""), value) for key, value in said.items())
        )

    def forms(self, name: str) -> dict[str, tuple[str, str]]:
        """How the spec values of a product are said -> key and value."""
        return self._forms(self._spelled(name))

    def _spelled(self, name: str) -> str:
        number = self._product_of.get(_compact(names.name_key(name)))
        return self._names[number] if number is not None else name

    def values(self, name: str, key: str) -> list[str]:
        """The values that a product's SKUs have under a spec's key."""
        found = (dict(known).get(key) for _, known in self._skus(name))
        return [value for value in dict.fromkeys(found) if value]

    def key_like(self, value: str) -> str:
        """The spec key whose values in this shop look so, digits apart: 52度 beside 53度; else ""."""
        return self._shapes.get(_shape(value), "")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The spec keys of this shop."""
        return tuple(dict.fromkeys(key for _, known in self._entries for key, _ in known))

    @cached_property
    def suffixes(self) -> dict[str, str]:
        """What stands behind the numbers in this shop's spec values -> their key: cm -> 尺寸."""
        return {shape[1:]: key for shape, key in self._shapes.items()}

    @cached_property
    def _shapes(self) -> dict[str, str]:
        """How values with digits look -> their key, where one key alone has such."""
        found: dict[str, set[str]] = {}
        for _, known in self._entries:
            for key, value in known:
                found.setdefault(_shape(value), set()).add(key)
        return {
            shape: min(said)
            for shape, said in found.items()
            if len(said) == 1 and re.fullmatch(r"#[^#\s]{1,3}", shape)
        }

    def knows_code(self, words: str) -> bool:
        """Whether a SKU has this code."""
        return _compact(_fold(words)) in self._codes

    def category(self, words: str) -> str | None:
        """The path of the category that is called so, by its whole path or its own name."""
        return self._categories.get(_compact(_fold(words)))

    def _skus(self, name: str) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        numbers = self._products.get(_compact(names.name_key(name)), ())
        for number in (numbers,) if isinstance(numbers, int) else numbers:
            yield self._entries[number]

    def _longest(self, folded: str, compact: str, places: list[int], at: int) -> int:
        """Where the longest name that begins at this place ends, 0 for none."""
        if compact[at] not in self._first:
            return 0
        for length in self._lengths:
            end = at + length
            if end > len(compact):
                continue
            words = compact[at:end]
            code = words in self._codes
            start, stop = places[at], places[end - 1] + 1
            if not code and not self._names_one(words, folded, start, stop):
                continue
            if _bounded(folded, start, stop, code=code) and self._whole(folded[start:stop], words):
                return end
            plural = _PLURAL.match(folded, stop) if words[-1].isascii() and not code else None
            if plural and _bounded(folded, start, plural.end()) and words[-1].isalpha():
                return end + len(plural[0])
        return 0

    def _names_one(self, words: str, folded: str, start: int, stop: int) -> bool:
        """Whether words are a product's or a category's name, and no part of another word."""
        if len(words) == 1 and not _apart(folded, start):
            return False
        if words in self._product_of:
            return True
        # 服装 is no category in 服装/潮牌, which nobody knows.
        inside = "/" in (folded[stop : stop + 1], folded[max(start - 1, 0) : start])
        if words in self._categories:
            return not inside
        return words in self._tails and self._begins(self._tails[words], folded, start)

    def _begins(self, number: int, folded: str, start: int) -> bool:
        """Whether a name's end stands for it here: 口红, but not in 绿茶口红, which is another."""
        before = folded[max(start - 1, 0) : start]
        if not _HANZI.match(before) or before in _BEFORE_TAIL:
            return True
        said = folded[:start]
        return any(len(f) > 1 and said.endswith(f) for f in self._forms(self._names[number]))

    def _whole(self, written: str, words: str) -> bool:
        """Whether blanks in what is written stand where they may: not before a number."""
        if written == words or not re.search(r"\s[0-9]|[0-9]\s", written):
            return True
        number = self._product_of.get(words)
        return number is not None and _fold(names.name_key(self._names[number])) == written

    def _found(self, folded: str, words: str, start: int, end: int) -> Found:
        if words in self._codes:
            return Found(start, end, {"code": self._entries[self._codes[words]][0]})
        number = self._product_of.get(words, self._tails.get(words))
        if number is None and words not in self._categories:
            words = next(
                (
                    w
                    for w in (words[:-1], words[:-2])
                    if w in self._product_of or w in self._categories
                ),
                words,
            )
            number = self._product_of.get(words)
        if number is None:
            return Found(start, end, {"category": self._categories[words]})
        start, end, said = _grown(folded, start, end, self._forms(self._names[number]))
        target: dict[str, Any] = {"name": self._names[number]}
        return Found(start, end, target | ({"specs": said} if said else {}))

    def _forms(self, name: str) -> dict[str, tuple[str, str]]:
        """How the spec values of a product are said -> key and value."""
        forms: dict[str, tuple[str, str]] = {}
        for _, known in self._skus(name):
            for key, value in known:
                for form in specs.forms(value):
                    forms.setdefault(form, (key, value))
        return forms


def _tails(product_of: Mapping[str, int], others: AbstractSet[str]) -> dict[str, int]:
    """The ends that one name alone has: 口红 of 丝绒口红, as long as no other lipstick is sold."""
    found: dict[str, int] = {}
    for key, number in product_of.items():
        for size in _TAIL:
            tail = key[-size:]
            if len(key) > size and _TAILED.fullmatch(tail):
                found[tail] = number if found.get(tail, number) == number else _SEVERAL
    return {
        tail: number
        for tail, number in found.items()
        if number != _SEVERAL and tail not in product_of and tail not in others
    }


def _grown(
    folded: str, start: int, end: int, values: Mapping[str, tuple[str, str]]
) -> tuple[int, int, dict[str, str]]:
    """The span with the spec values that stand right beside it: 黑色卫衣L."""
    said: dict[str, str] = {}
    forms = sorted(values, key=len, reverse=True)
    while True:
        step = _after(folded, end, forms) or _before(folded, start, forms)
        if step is None or values[step[2]][0] in said:
            return start, end, said
        start, end = min(start, step[0]), max(end, step[1])
        key, value = values[step[2]]
        said[key] = value


def _after(folded: str, end: int, forms: list[str]) -> tuple[int, int, str] | None:
    glue = _GLUE.match(folded, end)
    at = glue.end() if glue else end
    for form in forms:
        if folded.startswith(form, at) and _bounded(folded, at, at + len(form)):
            return at, at + len(form), form
    return None


def _before(folded: str, start: int, forms: list[str]) -> tuple[int, int, str] | None:
    at = len(folded[:start].rstrip(" 的/,"))
    for form in forms:
        if folded.endswith(form, 0, at) and _bounded(folded, at - len(form), at):
            return at - len(form), at, form
    return None


def _bounded(folded: str, start: int, end: int, *, code: bool = False) -> bool:
    """Whether no Latin word, number or code is cut: L in XL, 33 in 330, CF-1 in CF-1-2."""
    left, right = folded[max(start - 2, 0) : start][::-1], folded[end : end + 2]
    return not (_joined(folded[start], left, code) or _joined(folded[end - 1], right, code))


def _joined(edge: str, beyond: str, code: bool) -> bool:  # noqa: FBT001  (private)
    """Whether a word that ends in ``edge`` goes on in ``beyond``, read outwards."""
    if not edge.isascii() or not beyond or not beyond[0].isascii():
        return False
    if (code and beyond[0].isalnum()) or (edge.isalpha() and beyond[0].isalpha()):
        return True
    if edge.isdigit() and (beyond[0].isdigit() or beyond[0] == "_"):
        return True
    return edge.isalnum() and beyond[0] in "-_./" and beyond[1:].isalnum() and beyond[1:].isascii()


def _apart(folded: str, at: int) -> bool:
    """Whether a name of one letter stands by itself: 找 茶, 水还有多少, no part of 流水."""
    before, after = folded[max(at - 1, 0) : at], folded[at + 1 : at + 2]
    free = not (_HANZI.match(before) or before.isdigit()) or (
        before != "" and before in "找搜查补有卖"
    )
    return free and (not _HANZI.match(after) or after in "还有都全类的剩卖补到加减降涨下上")


def _shape(value: str) -> str:
    return re.sub(r"[0-9]+(?:\.[0-9]+)?", "#", _fold(value))


def _word_set(words: str) -> frozenset[str]:
    """The words of a Latin name without their plural: 2m usb-c cables is USB-C cable 2m."""
    if not words.isascii():
        return frozenset()
    return frozenset(w.removesuffix("s") for w in re.findall(r"[a-z0-9\-.]+", words.casefold()))


def _pairs(key: str) -> set[str]:
    return {key[i : i + 2] for i in range(len(key) - 1)} | {key[:1], key[-1:]}


def _fold(text: str) -> str:
    """Lower case, character for character: positions stay those of ``text``."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _compact(key: str) -> str:
    return SILENT.sub("", key).replace(" ", "")


def _compacted(folded: str) -> tuple[str, list[int]]:
    """The text without blanks, and where each of its characters stands."""
    places = [p for p, char in enumerate(folded) if char != " " and not SILENT.match(char)]
    return "".join(folded[place] for place in places), places
