"""What of a line is left when its shapes are read: names in words, and what nobody explains."""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from bot.registry import Parameter
from bot.slots import Kind
from bot.understanding import naming, wording
from bot.understanding.draft import Draft
from bot.understanding.ear import ear
from bot.understanding.naming import TARGETS
from bot.understanding.targets import Targets
from bot.understanding.tokens import VALUES
from bot.understanding.values import AMOUNTS, NUMBERS

_IN_NAMES = frozenset({"", "sku", "category", "odd", "all", "spec", "measure"})
_AGAIN = ("按", "就是", "改成", "记成")  # 只找到5件 按5改
_OF_SPECS = re.compile(r"规格|颜色|尺码|尺寸|属性|选项|分类")  # 两个规格
_COMPLAINT = re.compile(r"(?:有点|也|都|是)*(?:太|偏|过)?(?:低|高|贵|便宜|亏|贱)了?")  # 卖25太低了
_STORY = re.compile(
    r"系统|还没|没有|供应商|客人|顾客|老板|我们|咱们|以后|昨天|今天|刚才|谢谢|多谢|辛苦|拜托"
)
_NEAR = 8  # cells
_AS_IT_WAS = re.compile(
    r"(?:系统|账面|账上|电脑|原来|原本|以前|原价|之前)(?:里|上|写|显示|记|是|有|说|卖|的|才|价|了|多|少|差)*$"
)


class Remainder:
    """Reads what is left of a draft."""

    def __init__(self, draft: Draft, targets: Targets) -> None:
        self._draft, self._targets = draft, targets

    def take(self, core: Sequence[bool]) -> None:
        """Read a name or words to search for, and note what nobody explains.

        ``core`` tells by cell what a slot or the command has taken, so which clauses are its own.
        """
        rest = self._draft.command.rest
        if rest is not None and rest.key not in self._draft.out.slots:
            self._take_words(rest)
        elif rest is not None and self._draft.out.known and rest.slot.kind in TARGETS:
            self._targets.lengthen(rest)
        self._draft.out.free = self._draft.free
        self._draft.out.spare = [
            self._draft.line.text[token.start : token.end]
            for cell, token in self._draft.line.at.items()
            if self._draft.free[cell] and not self._harmless(cell, token.kind, token.value)
        ]
        clauses = self._clauses()
        said = {
            clauses[c]
            for c, core in enumerate(core)
            if core and self._draft.line.masked[c] not in ",."
        }
        self._draft.out.heard = (
            self._unread(lambda cell: clauses[cell] in said),
            self._unread(lambda cell: clauses[cell] not in said),
        )
        for start, end, words in self._unexplained():
            near = any(clauses[cell] in said for cell in range(start, end))
            (self._draft.out.leftover if near else self._draft.out.aside).append(words)

    def _unread(self, wanted: Callable[[int], bool]) -> str:
        """The letters that no slot took, those of the wanted cells."""
        return "".join(
            mark if free and mark not in VALUES and wanted(cell) else "\0"
            for cell, (mark, free) in enumerate(
                zip(self._draft.line.masked, self._draft.free, strict=True)
            )
        )

    def _clauses(self) -> list[int]:
        """The number of the clause of each cell: stops and blanks part clauses."""
        numbers, number, end = [], 0, 0
        for (start, stop), mark in zip(
            self._draft.line.places, self._draft.line.masked, strict=True
        ):
            if mark in ",." or start > end:
                number += 1
            numbers.append(number)
            end = stop
        return numbers

    def _harmless(self, cell: int, kind: str, value: Any) -> bool:
        """Whether a value that no slot took says nothing: 今天, 昨天的 before what is pushed daily."""
        timed = any(p.slot.kind is Kind.TIME for p in self._draft.parameters)
        told = timed and self._draft.line.masked[cell + 1 : cell + 2] == "的"
        before = self._draft.line.masked[max(cell - _NEAR, 0) : cell]
        old = kind in NUMBERS or kind in AMOUNTS
        return (
            kind == "all"
            or (old and _OF_SPECS.match(self._draft.line.masked, cell + 1) is not None)
            or (old and before.endswith(_AGAIN) and self._said_already(value))
            or (kind == "period" and (value == "today" or told))
            or (old and _AS_IT_WAS.search(before) is not None)
            or (old and _COMPLAINT.match(self._draft.line.masked, cell + 1) is not None)
        )

    def _said_already(self, value: Any) -> bool:
        """Whether a number only repeats what a slot holds: 只找到5件 按5改."""
        if not isinstance(value, Decimal):
            return False
        counts = {p.key for p in self._draft.parameters if p.slot.kind is Kind.COUNT}
        return any(
            abs(v) == value * (1 if key in counts else 100)
            for key, v in self._draft.out.slots.items()
            if isinstance(v, int) and not isinstance(v, bool)
        )

    def _unexplained(self) -> Iterator[tuple[int, int, str]]:
        """Runs of letters that say something and that nothing explains."""
        masked = list(self._draft.line.masked)
        for cell, free in enumerate(self._draft.free):
            if not free or masked[cell] in VALUES:
                masked[cell] = "\0"
        text = "".join(masked)
        for filler in self._fillers():
            text = filler.sub(lambda m: "\0" * len(m[0]) if "\0" not in m[0] else m[0], text)
        for match in re.finditer(r"[^\0]+", text):
            words = self._draft.line.words(match.start(), match.end()).strip(" ,.;:!~=-")
            if words:
                yield match.start(), match.end(), words

    def _fillers(self) -> tuple[re.Pattern[str], ...]:
        if self._draft.command.writes:
            return (wording.FILLER,)
        return (wording.ASKING, wording.FILLER)

    def _take_words(self, rest: Parameter) -> None:
        """The longest run that is left: a name, a person, words to search for."""
        kind = rest.slot.kind
        mention = next((c for c in self._draft.line.cells("mention") if self._draft.free[c]), None)
        if kind is Kind.SECRET:
            self._take_secret(rest)
            return
        if kind is Kind.USER and mention is not None:
            self._draft.free[mention] = False
            self._draft.out.slots[rest.key] = self._draft.line.at[mention].value
            return
        runs = [run for run in self._runs(kind) if run[2] and naming.sayable(kind, run[2])]
        if kind is Kind.QUERY:
            runs = [run for run in runs if naming.sought(run[2])]
        if not runs:
            return
        start, end, words = max(
            runs,
            key=lambda run: (
                self._targets.resolves(kind, run[2]),
                kind is not Kind.NAME
                or not (_STORY.search(run[2]) or naming.said_around(run[2], ear().knows)),
                len(run[2]),
                -run[0],
            ),
        )
        if kind is Kind.QUERY:
            start, end = runs[0][0], runs[-1][1]
            words = " ".join(naming.sought(run[2]) for run in runs)
        if kind is Kind.SKU or kind is Kind.SKUS:
            self._targets.resolve(rest, start, end, words)
            return
        self._draft.use(start, end)
        if kind is Kind.NAME:
            signs = naming.signs_before(self._draft.line.text[: self._draft.line.places[start][0]])
            words = signs + self._named(start, end, words)
        self._draft.out.slots[rest.key] = self._draft.cleaned(rest, words)

    def _take_secret(self, rest: Parameter) -> None:
        """A one-time code: letters and digits, whatever they would be elsewhere."""
        for match in naming.codes_in(self._draft.line.text):
            cells = self._draft.between(*match.span())
            if cells and all(self._draft.free[cell] for cell in cells):
                self._draft.use(cells[0], cells[-1] + 1)
                self._draft.out.slots[rest.key] = match[0]
                return

    def _named(self, start: int, end: int, words: str) -> str:
        """A new product's name, without specs of a known one and without a code before it."""
        goods = [c for c in range(start, end) if self._draft.line.kind(c) == "sku"]
        slot = next((p for p in self._draft.parameters if p.slot.kind is Kind.SPECS), None)
        if len(goods) == 1 and slot is not None:
            target = self._draft.line.at[goods[0]].value
            if target.get("specs") and end - start == 1:
                given = self._draft.out.slots.get(slot.key, {})
                self._draft.out.slots[slot.key] = {**target["specs"], **given}
                return str(target["name"])
        if len(goods) == 1 and slot is not None:
            variant = naming.VARIANT.fullmatch(self._draft.line.words(goods[0] + 1, end))
            if variant is not None:
                words = self._draft.line.words(goods[0], goods[0] + 1)
                if variant["value"]:
                    words = f"{words} {variant['value']}{variant['key']}"
        if slot is not None:
            words = self._without_specs(slot.key, words)
        code, name = naming.coined(words)
        if (
            not code
            or "code" not in {p.key for p in self._draft.parameters} - self._draft.out.slots.keys()
        ):
            return words
        self._draft.out.slots["code"] = code
        return name

    def _without_specs(self, key: str, words: str) -> str:
        """A new name without the values of specs behind it: BB霜 自然色, 梦之蓝 52度."""
        name, _, last = words.rpartition(" ")
        own = self._draft.catalogue.key_like(last) if self._draft.catalogue and name else ""
        said = (name.strip(), own, last) if own else naming.with_spec(words)
        if said is None:
            return words
        self._draft.out.slots[key] = {said[1]: said[2], **self._draft.out.slots.get(key, {})}
        return self._without_specs(key, said[0])

    def _runs(self, kind: Kind) -> list[tuple[int, int, str]]:
        """Runs of free cells with the words in them, without what is no part of a name.

        A new name may hold what else would be a value: 手冲壶礼盒, 52度白酒.
        """
        takes = self._draft.letter if kind not in {Kind.NAME, Kind.QUERY} else self._nameable
        runs: list[tuple[int, int, str]] = []
        start = None
        for cell in range(len(self._draft.free) + 1):
            inside = cell < len(self._draft.free) and self._draft.free[cell] and takes(cell)
            if inside and start is None:
                start = cell
            elif not inside and start is not None:
                runs += self._trimmed(start, cell)
                start = None
        return runs

    def _nameable(self, cell: int) -> bool:
        """Whether a cell may be a part of a new name, or of words to search for."""
        held = self._draft.line.kind(cell)
        letters = held in _IN_NAMES and self._draft.line.masked[cell] != ","
        return letters or self._draft.named_by(cell)

    def _trimmed(self, start: int, end: int) -> list[tuple[int, int, str]]:
        words = self._draft.line.words(start, end)
        low, high = naming.trimmed(words)
        if low >= high:
            return []
        offset = self._draft.line.places[start][0]
        cells = self._draft.between(offset + low, offset + high)
        return [(cells[0], cells[-1] + 1, words[low:high].strip())]
