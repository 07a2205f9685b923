"""Which goods a line names for one command, and in which specs."""

import re
from collections.abc import Iterator
from typing import Any

from bot.registry import Parameter
from bot.slots import Kind
from bot.understanding import naming, wording
from bot.understanding.draft import KEYS, Draft
from bot.understanding.naming import TARGETS
from bot.understanding.resolution import resolve
from bot.understanding.specs import KEY_WORDS

_PAIR = re.compile(
    r"(?P<key>[^\s=,;:]{1,20})\s?=\s?(?P<value>[^\s=;,]{1,40})[;,]?"
    rf"|(?P<k2>{KEY_WORDS})\s?(?:改成|改为|换成|变成|是|为|:)?\s?(?P<v2>(?!换新|换了|改了|坏|破|烂|太|更好|升级|[0-9一二三四五六七八九十百]+(?:块|元|\.))[^\s=;,不有还吗?都全各]{{1,20}})"
)


class Targets:
    """Finds the target of a draft and its specs."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def take(self, rest: Parameter) -> None:
        """Note the first thing that the line names, and take its cells."""
        one = rest.slot.kind is Kind.SKU
        kinds = ("sku",) if one else ("sku", "category", "all")
        for kind in kinds:
            for cell in self._draft.line.cells(kind):
                if not self._draft.free[cell]:
                    continue
                if kind == "category" and self._take_homophone(rest, cell):
                    return
                if kind == "all" and self._named_before(cell):
                    self._draft.free[cell] = False
                    continue
                value = self._draft.line.at[cell].value
                self._draft.out.slots[rest.key] = {"all": True} if kind == "all" else dict(value)
                self._draft.out.known = True
                self._draft.free[cell] = False
                return
        if one:
            self._take_shared(rest)

    def _take_shared(self, rest: Parameter) -> None:
        """A category where one SKU is needed: which of its goods, is asked."""
        cell = next((c for c in self._draft.line.cells("category") if self._draft.free[c]), None)
        if cell is not None and not self._draft.line.cells("sku"):
            if self._take_homophone(rest, cell):
                return
            self._draft.free[cell] = False
            self._draft.out.slots[rest.key] = {"name": self._draft.line.words(cell, cell + 1)}
            self._draft.out.shared = True

    def _take_homophone(self, rest: Parameter, cell: int) -> bool:
        """A name by its sound in which a category stands: 水培绿箩, 晚按绘本."""
        start, end = cell, cell + 1
        while end < len(self._draft.free) and self._draft.free[end] and self._draft.letter(end):
            end += 1
        while start and self._draft.free[start - 1] and self._draft.letter(start - 1):
            start -= 1
        for first, last in ((cell, end), (start, cell + 1)):
            words = naming.clean(self._draft.line.words(first, last))
            alike = (
                self._draft.catalogue.alike(words)
                if self._draft.catalogue and last - first > 1
                else None
            )
            if alike is not None and alike[1]:
                self.resolve(rest, first, last, words)
                return True
        return False

    def _named_before(self, cell: int) -> bool:
        """Whether words that a name contains stand right before: 香水全部下架."""
        start = cell
        while start and self._draft.free[start - 1] and self._draft.letter(start - 1):
            start -= 1
        words = naming.clean(self._draft.line.words(start, cell)) if start < cell else ""
        return (
            bool(words)
            and self._draft.catalogue is not None
            and bool(self._draft.catalogue.containing(words) or self._draft.catalogue.alike(words))
        )

    def attach(self) -> None:
        """Give the target the specs that stand elsewhere in the line, where it has none such."""
        key = next((p.key for p in self._draft.parameters if p.slot.kind in TARGETS), "")
        target = self._draft.out.slots.get(key)
        if not isinstance(target, dict) or "name" not in target:
            return
        said = dict(target.get("specs", {}))
        takes_specs = any(p.slot.kind in {Kind.SPECS, Kind.SCHEMA} for p in self._draft.parameters)
        new = {} if takes_specs else self.pairs() | self.loose(target["name"])
        merged = said | {key: value for key, value in new.items() if key not in said}
        if merged:
            self._draft.out.slots[key] = {**target, "specs": merged}

    def pairs(self) -> dict[str, str]:
        """``颜色=白``, and ``颜色:白`` for the spec keys that everybody uses."""
        found: dict[str, str] = {}
        said = [*_PAIR.finditer(self._draft.line.text), *self._own_pairs()]
        for match in said:
            cells = self._draft.between(*match.span())
            if cells and all(self._draft.free[cell] for cell in cells):
                self._draft.use(cells[0], cells[-1] + 1)
                key = KEYS.get(match["k2"] or "", match["k2"]) or match["key"]
                found[key] = (match["v2"] or match["value"]).rstrip("的")
        return found

    def _own_pairs(self) -> Iterator[re.Match[str]]:
        """``年份2022``: a key that this shop has, and what begins with a digit behind it."""
        keys = self._draft.catalogue.keys if self._draft.catalogue is not None else ()
        own = [re.escape(key) for key in keys if not re.fullmatch(KEY_WORDS, key)]
        if own:
            yield from re.finditer(
                rf"(?P<key>(?P<k2>{'|'.join(own)}))\s?[:是为]?\s?(?P<value>(?P<v2>[0-9][0-9A-Za-z.]*[度年克]?))",
                self._draft.line.text,
            )

    def loose(self, name: str = "") -> dict[str, str]:
        """Weights, volumes, sizes and colours that stand for themselves.

        3公斤 of a product that has no weights is an amount, and not to be counted in pieces.
        """
        found: dict[str, str] = {}
        for cell in self._draft.line.cells("spec", "measure"):
            key, value = self._draft.line.at[cell].value
            if not self._draft.free[cell] or key in found:
                continue
            self._draft.free[cell] = False
            if name and self._draft.line.kind(cell) == "measure" and self._never_has(name, key):
                self._draft.out.vague.append(self._draft.written(cell))
            else:
                found[key] = value
        return found

    def _never_has(self, name: str, key: str) -> bool:
        known = self._draft.catalogue is not None and self._draft.out.known
        return (
            known
            and self._draft.catalogue is not None
            and not self._draft.catalogue.values(name, key)
        )

    def resolves(self, kind: Kind, words: str) -> bool:
        """Whether words that are no name as they stand are one by their sound or a part of it."""
        if kind not in TARGETS or self._draft.catalogue is None:
            return False
        alike = self._draft.catalogue.alike(words)
        return (alike is not None and alike[1]) or len(self._draft.catalogue.containing(words)) == 1

    def resolve(self, rest: Parameter, start: int, end: int, words: str) -> None:
        """A target in words that no name is."""
        specs = self._draft.out.slots.get(rest.key, {}).get("specs")
        found = resolve(words, self._draft.catalogue)
        self._draft.out.known, self._draft.out.guessed = found.known, found.guessed
        self._draft.out.shared = found.shared
        if not rest.slot.bare and not found.known:
            return
        if (found.start, found.end) != (0, len(words)):
            offset = self._draft.line.text.find(words, self._draft.line.places[start][0])
            cells = self._draft.between(offset + found.start, offset + found.end)
            start, end = cells[0], cells[-1] + 1
        self._draft.use(start, end)
        if found.known:
            self._draft.out.sounded = (start, end)
        said = (specs or {}) | (self._own_specs(found.target) if found.known else {})
        self._draft.out.slots[rest.key] = found.target | ({"specs": said} if said else {})
        self.attach()

    def _own_specs(self, target: dict[str, Any]) -> dict[str, str]:
        """Spec values of a product that is known by its sound: 铁关音浓香的."""
        found: dict[str, str] = {}
        if self._draft.catalogue is None or "name" not in target:
            return found
        forms = self._draft.catalogue.forms(target["name"])
        for form in sorted(forms, key=len, reverse=True):
            key, value = forms[form]
            match = re.search(re.escape(form), self._draft.line.text, re.IGNORECASE)
            cells = self._draft.between(*match.span()) if match and not form.isdigit() else []
            if cells and key not in found and all(self._draft.free[cell] for cell in cells):
                self._draft.use(cells[0], cells[-1] + 1)
                found[key] = value
        return found

    def lengthen(self, rest: Parameter) -> None:
        """Letters right beside a known product may make another name of it: 手冲壶礼盒."""
        place = next((c for c in self._draft.line.cells("sku") if not self._draft.free[c]), None)
        if place is None or self._draft.line.at[place].value.get("specs"):
            return
        end = place + 1
        while end < len(self._draft.free) and self._draft.free[end] and self._draft.letter(end):
            if self._draft.line.places[end][0] != self._draft.line.places[end - 1][1]:
                break
            end += 1
        words = self._draft.line.words(place + 1, end)
        if not words or wording.FILLER.match(self._draft.line.masked, place + 1):
            return
        if not naming.lengthens(words):
            return
        self._draft.use(place + 1, end)
        self._draft.out.slots[rest.key] = {"name": self._draft.line.words(place, end)}
        self._draft.out.known = False
