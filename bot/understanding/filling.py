"""The slots of one command in one line, and what of the line it leaves unexplained."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bot.registry import Command, Parameter
from bot.slots import Kind
from bot.understanding import naming, schemas, shapes, specs
from bot.understanding.catalogue import Catalogue
from bot.understanding.cues import Cue
from bot.understanding.draft import Draft, Filled, listed
from bot.understanding.naming import TARGETS
from bot.understanding.remainder import Remainder
from bot.understanding.targets import Targets
from bot.understanding.tokens import GAP, VALUES, Line, Token, pattern
from bot.understanding.values import AMOUNTS, NUMBERS, value_of

_IDLE = re.compile(r"[一1]\s?[个款种样件只]")  # 加一个商品
_SHELF = pattern(
    r"(?:放|归|摆|分|挪|移|划|换|转|调|改)(?:到|在|进|入|类)*(?P<category>{category})(?![\u3400-\u9fff](?<![里下类分那中吧了去]))(?:里面?|下面?|类|分类|那边|那一?类|中)?"
)
_SINGLE = pattern(r"[了掉碎坏丢烂](?P<one>[个只瓶盒包件条罐杯袋支台把双])(?={sku})")
_KIND_OF_GOODS = pattern(r"类|分组|下面|底下|\bcategory\b|\bsection\b|\bkind of\b")
_PEOPLE = frozenset({Kind.USER, Kind.PERSON})
_MEASURED = frozenset({Kind.COUNT, Kind.MONEY, Kind.FACTOR})
_SPEC_LIKE = re.compile(r".{1,4}[色码号]")
# Which values of a line fill a slot of a kind, the surest first.
_SHAPES = {
    Kind.MONEY: ("money",),
    Kind.COUNT: ("units", "boxes"),
    Kind.FACTOR: ("off",),
    Kind.CATEGORY: ("category",),
    Kind.PERIOD: ("period", "day"),
    Kind.TIME: ("time",),
    Kind.ORDER: ("order", "digits"),
    Kind.TRACKING: ("tracking", "phone", "digits"),
}
_ORDER = {
    Kind.SPECS: 0,
    Kind.SCHEMA: 0,
    Kind.TICKET: 1,
    Kind.TIME: 1,
    Kind.PERIOD: 2,
    Kind.ORDER: 3,
    Kind.TRACKING: 4,
    Kind.CHOICE: 5,
    Kind.CATEGORY: 5,
    Kind.FACTOR: 6,
    Kind.MONEY: 7,
    Kind.COUNT: 8,
}


def fill(cue: Cue, line: Line, catalogue: Catalogue | None, others: Sequence[Cue] = ()) -> Filled:
    """Read every slot of the cue's command out of the line, the surest shapes first.

    ``others`` are further words in it that say the same command.
    """
    return _Filler(Draft(cue.command, line, catalogue, cue, others)).filled()


def fill_alone(command: Command, line: Line, catalogue: Catalogue | None) -> Filled:
    """The same without a cue: an answer to a question about one slot."""
    return _Filler(Draft(command, line, catalogue, None)).filled()


class _Filler:
    def __init__(self, draft: Draft) -> None:
        self._draft, self._targets = draft, Targets(draft)

    def filled(self) -> Filled:
        if self._draft.cue is not None:
            self._bind(self._draft.cue)
            self._bind_others()
        rest = self._draft.command.rest
        names = rest is not None and rest.slot.kind is Kind.NAME
        for parameter in self._draft.parameters:
            self._take_labelled(parameter)
        if rest is not None and rest.slot.kind in TARGETS and rest.key not in self._draft.out.slots:
            self._targets.take(rest)
        for parameter in sorted(self._draft.parameters, key=lambda p: _ORDER.get(p.slot.kind, 99)):
            if (
                parameter.key not in self._draft.out.slots
                and parameter.key not in self._draft.out.bad
            ):
                self._take_shaped(parameter)
        if not names:
            self._targets.attach()
        self._take_numbers()
        self._drop_idle()
        self._take_person()
        core = [not free for free in self._draft.free]
        if self._draft.out.known or rest is None or rest.slot.kind not in TARGETS:
            self._say_again()
        Remainder(self._draft, self._targets).take(core)
        return self._draft.out

    def _take_person(self) -> None:
        """Whose order it is: 赵哥3095的账."""
        parameter = next((p for p in self._draft.parameters if p.slot.kind is Kind.PERSON), None)
        if parameter is None or parameter.key in self._draft.out.slots:
            return
        orders = [c for c in self._draft.line.cells("order", "digits") if not self._draft.free[c]]
        match = naming.customer(self._draft.line.masked, orders[0] if orders else None)
        if match is not None and all(self._draft.free[slice(*match.span("who"))]):
            self._draft.use(match.start(), match.end())
            self._draft.keep(parameter, self._draft.line.words(*match.span("who")))

    def _say_again(self) -> None:
        """What says the same command once more explains nothing new and leaves no doubt."""
        for cue in self._draft.others:
            cells = [c for c in cue.cells() if self._draft.line.masked[c] not in VALUES]
            if all(self._draft.free[cell] for cell in cells):
                for cell in cells:
                    self._draft.free[cell] = False

    def _bind(self, cue: Cue) -> None:
        for cell in cue.cells():
            kind = self._draft.line.kind(cell)
            number = kind in AMOUNTS or kind in NUMBERS
            if not kind or (number and (cue.bound or _IDLE.fullmatch(self._draft.written(cell)))):
                self._draft.free[cell] = False  # an old price; 一款 in 新到一款
        self._draft.out.slots.update(cue.saying.gives)
        for name, written in cue.match.groupdict().items():
            if written is None or name.startswith(GAP):
                continue
            self._bind_group(name, *cue.match.span(name))

    def _bind_others(self) -> None:
        """A name and a category in one line: 更名为饺子包，并且换到包包分类."""
        for cue in self._draft.others:
            said = {k for k, v in cue.match.groupdict().items() if v and not k.startswith(GAP)}
            kinds = {p.slot.kind for p in self._draft.parameters if p.key in said}
            new = said and not said & self._draft.out.slots.keys() and kinds <= {Kind.LABELLED}
            if new and all(self._draft.free[slice(*cue.match.span())]):
                self._bind(cue)

    def _bind_group(self, name: str, start: int, end: int) -> None:
        down, since = name.endswith("_DOWN"), name.endswith("_FROM")
        key = name.removesuffix("_DOWN").removesuffix("_FROM").removesuffix("_MAYBE")
        parameter = next((p for p in self._draft.parameters if p.key == key), None)
        if parameter is None:
            if key == "query":
                self._bind_old(start, end)
            return
        token = self._draft.line.at.get(start)
        if token is None or end - start > 1:
            said = naming.clean(self._draft.line.words(start, end))
            if parameter.slot.kind in _PEOPLE and not naming.sayable(parameter.slot.kind, said):
                return
            if parameter.key == "name" and _SPEC_LIKE.fullmatch(said):
                return
            self._draft.free[start:end] = [False] * (end - start)
            self._draft.keep(
                parameter, (self._draft.cleaned(parameter, said) if said else None) or None
            )
            return
        if parameter.key == "name" and token.kind == "spec":
            return  # 粉色改叫裸粉色 renames no product
        value = self._draft.value(parameter.slot, start, down=down)
        if name.endswith("_MAYBE") and token.kind in {"int", "digits"}:
            self._draft.out.vague.append(self._draft.line.text[token.start : token.end])
        self._draft.free[start:end] = [False] * (end - start)
        self._draft.keep(parameter, f"{value}-" if since else value)

    def _bind_old(self, start: int, end: int) -> None:
        """The old value of a spec that is changed."""
        token = self._draft.line.at.get(start)
        spec = token is not None and token.kind in {"spec", "measure"}
        self._draft.out.slots["query"] = (
            token.value[1] if spec and token else self._draft.line.words(start, end)
        )
        self._draft.use(start, end)

    def _take_labelled(self, parameter: Parameter) -> None:
        slot = parameter.slot
        if not slot.labels or parameter.key in self._draft.out.slots:
            return
        if slot.kind is Kind.LABELLED:
            self._take_chunk(parameter)
            return
        for phrase in slot.phrases:
            for match in pattern(phrase).finditer(self._draft.line.masked):
                if all(self._draft.free[match.start() : match.end()]):
                    self._draft.use(match.start(), match.end())
                    self._draft.keep(parameter, self._draft.value(slot, match.start("value")))
                    return
        value = {"money": "{amount}", "count": "{n}"}.get(slot.kind, "{tracking}|{digits}")
        for match in shapes.labelled(slot.labels, slot.leads, value).finditer(
            self._draft.line.masked
        ):
            if all(self._draft.free[match.start() : match.end()]):
                self._draft.use(match.start(), match.end())
                self._draft.keep(parameter, self._draft.value(slot, match.start("value")))
                return

    def _take_chunk(self, parameter: Parameter) -> None:
        slot, text = parameter.slot, self._draft.line.text
        for match in shapes.chunk(slot.labels, slot.leads).finditer(text):
            cells = self._draft.between(match.start(), match.end())
            if cells and all(self._draft.free[cell] for cell in cells):
                self._draft.use(cells[0], cells[-1] + 1)
                said = match["value"].rstrip("吧了哦啊呢.!")
                self._draft.keep(parameter, self._draft.cleaned(parameter, said) if said else None)
                return
        if parameter.key == "category":
            self._take_shelf(parameter)

    def _take_shelf(self, parameter: Parameter) -> None:
        """放手机配件里, 归文具类: a category that is known, with what says so."""
        match = _SHELF.search(self._draft.line.masked)
        cell = match.start("category") if match else -1
        if match and parameter.key not in self._draft.out.slots and self._draft.free[cell]:
            self._draft.use(*match.span())
            self._draft.keep(parameter, self._draft.line.at[cell].value["category"])

    def _take_shaped(self, parameter: Parameter) -> None:
        slot = parameter.slot
        if slot.kind is Kind.CHOICE and slot.bare:
            self._take_choice(parameter)
        elif slot.kind in {Kind.SPECS, Kind.SCHEMA}:
            self._take_specs(parameter)
        elif slot.kind is Kind.TICKET:
            self._take_ticket(parameter)
        elif slot.kind in _MEASURED and self._said_otherwise(parameter):
            return
        elif slot.bare or slot.kind not in {Kind.MONEY, Kind.COUNT}:
            self._take_first(parameter, _SHAPES.get(slot.kind, ()))

    def _said_otherwise(self, parameter: Parameter) -> bool:
        """Whether another number says it already: a price is set, or changed, or discounted."""
        rivals = set(self._draft.command.needs) - {parameter.key}
        measured = {p.key for p in self._draft.parameters if p.slot.kind in _MEASURED}
        said = self._draft.out.slots.keys() | self._draft.out.bad.keys()
        return parameter.key in self._draft.command.needs and bool(rivals & measured & said)

    def _take_first(self, parameter: Parameter, kinds: tuple[str, ...]) -> None:
        if parameter.slot.kind is Kind.CATEGORY and self._sought_by_word():
            return
        for kind in kinds:
            for cell in self._counting(parameter, kind):
                value = self._draft.value(parameter.slot, cell)
                if value is None:
                    continue
                self._draft.use(self._draft.lead(parameter.slot, cell), cell + 1)
                self._draft.keep(parameter, value)
                return

    def _sought_by_word(self) -> bool:
        """Whether a category's name is rather a word to search for: 找 茶具, but not 茶具类."""
        searched = any(p.slot.kind is Kind.QUERY for p in self._draft.parameters)
        priced = bool(self._draft.line.cells("money", "int", "decimal"))
        return searched and not priced and not _KIND_OF_GOODS.search(self._draft.line.masked)

    def _counting(self, parameter: Parameter, kind: str) -> list[int]:
        """The free cells of a kind; in 加一个商品 … 三十顶 the first counts nothing."""
        cells = [cell for cell in self._draft.line.cells(kind) if self._draft.free[cell]]
        names = (
            self._draft.command.rest is not None and self._draft.command.rest.slot.kind is Kind.NAME
        )
        if not names or parameter.slot.kind is not Kind.COUNT:
            return cells
        idle = [
            cell
            for cell in cells
            if _IDLE.fullmatch(self._draft.written(cell)) or self._for_one(cell, cells)
        ]
        others = self._draft.line.cells("units", "int", "digits", "boxes", "decimal", "money")
        if others and others[0] not in idle:  # 上架沙画 45块 1个
            return cells
        for cell in idle:
            self._draft.free[cell] = False
        return [cell for cell in cells if cell not in idle]

    def _for_one(self, cell: int, counts: list[int]) -> bool:
        """一支59 备了20支: what one costs, where another number counts the goods."""
        one = self._draft.line.at[cell].value == 1 and self._draft.written(cell)[0] in "一1"
        priced = cell + 1 < len(self._draft.free) and self._draft.line.kind(cell + 1) in AMOUNTS
        return one and priced and len(counts) > 1

    def _drop_idle(self) -> None:
        """加一个商品: what counts the new thing itself counts nothing."""
        rest = self._draft.command.rest
        counts = any(p.slot.kind is Kind.COUNT for p in self._draft.parameters)
        if not counts or (rest is not None and rest.slot.kind is Kind.NAME):
            for cell in self._draft.line.cells("units"):
                if _IDLE.fullmatch(self._draft.written(cell)):
                    self._draft.free[cell] = False

    def _take_choice(self, parameter: Parameter) -> None:
        """The value of the last word of a choice that is said: in 授权 王老板 店员 that is 店员."""
        said = [
            (match.end(), len(match[0]), match, value)
            for value, words in parameter.slot.choices.items()
            for match in shapes.words_of(words).finditer(self._draft.line.masked)
            if match[0] and self._open_for_choice(match.start(), match.end())
        ]
        if said:
            _, _, match, value = max(said, key=lambda found: found[:2])
            self._draft.use(match.start(), match.end())
            self._draft.keep(parameter, value)
            return
        whole = [cell for cell in self._draft.line.cells("all") if self._draft.free[cell]]
        if whole and "all" in parameter.slot.choices:
            self._draft.free[whole[0]] = False
            self._draft.keep(parameter, "all")

    def _open_for_choice(self, start: int, end: int) -> bool:
        """A choice may be said by the words of the command too: 没发货的订单."""
        own = set(self._draft.cue.cells()) if self._draft.cue is not None else set()
        return all(self._draft.free[cell] or cell in own for cell in range(start, end))

    def _take_ticket(self, parameter: Parameter) -> None:
        match = re.search(
            r"(?<![0-9A-Za-z])(?P<ticket>[0-9A-F]{6})(?![0-9A-Za-z])", self._draft.line.text
        )
        cells = self._draft.between(*match.span()) if match else []
        if match and cells and all(self._draft.free[cell] for cell in cells):
            self._draft.use(cells[0], cells[-1] + 1)
            self._draft.keep(parameter, match["ticket"])

    def _take_specs(self, parameter: Parameter) -> None:
        if parameter.slot.kind is Kind.SCHEMA:
            value: Any = self._schema()
        else:
            rest = self._draft.command.rest
            lists = self._listed() if rest is not None and rest.slot.kind is Kind.NAME else {}
            value = self._together(lists, self._targets.pairs(), self._targets.loose())
        if value:
            self._draft.keep(parameter, value)

    def _listed(self) -> dict[str, Any]:
        """Specs of which a new thing has several values: 颜色=白,黑 尺寸=M,L."""
        said: dict[str, list[str]] = {}
        places: dict[str, list[int]] = {}
        for start, end, key, values in listed(self._draft.line.text):
            cells = self._draft.between(start, end)
            if cells and all(self._draft.free[cell] for cell in cells):
                said[key] = list(dict.fromkeys([*said.get(key, ()), *values]))
                places.setdefault(key, []).extend(range(cells[0], cells[-1] + 1))
        found = {key: values for key, values in said.items() if len(values) > 1}
        for cell in (cell for key in found for cell in places[key]):
            self._draft.free[cell] = False
        return found

    def _together(
        self, lists: Mapping[str, Any], said: Mapping[str, str], loose: Mapping[str, str]
    ) -> dict[str, Any]:
        """The specs of a line; for a new thing a spec that is said twice has both values."""
        if self._draft.command.rest is None or self._draft.command.rest.slot.kind is not Kind.NAME:
            return {**said, **loose}
        whole = {**loose, **said, **lists}
        for key, value in (*said.items(), *loose.items()):
            known = whole[key] if isinstance(whole[key], list) else [whole[key]]
            if not any(specs.fits(one, value) for one in known):
                whole[key] = [*known, value]
        return whole

    def _schema(self) -> list[dict[str, Any]]:
        """Spec keys, their values or None, and which are required."""
        text = self._draft.line.text
        said = [*schemas.declared(text)] or [*schemas.worded(text)]
        if not said:
            return self._measured()
        found = []
        for one in said:
            cells = self._draft.between(one.start, one.end)
            if cells and "sku" not in {self._draft.line.kind(cell) for cell in cells}:
                self._draft.use(cells[0], cells[-1] + 1)
                values = list(one.values) if one.values else None
                found.append({"key": one.key, "values": values, "required": one.required})
        return found

    def _measured(self) -> list[dict[str, Any]]:
        """Values that tell their key themselves: only 160ml and 240ml."""
        values: dict[str, list[str]] = {}
        for cell in self._draft.line.cells("spec", "measure"):
            key, value = self._draft.line.at[cell].value
            if self._draft.free[cell]:
                self._draft.free[cell] = False
                values.setdefault(key, []).append(value)
        return [{"key": k, "values": said, "required": True} for k, said in values.items()]

    def _take_numbers(self) -> None:
        """Give bare numbers to the numeric slots in declared order."""
        for parameter in self._draft.parameters:
            slot = parameter.slot
            if (
                slot.kind not in {Kind.COUNT, Kind.MONEY}
                or not slot.bare
                or parameter.key in self._draft.out.slots
                or parameter.key in self._draft.out.bad
                or self._said_otherwise(parameter)
            ):
                continue
            kinds = AMOUNTS if slot.kind is Kind.MONEY else NUMBERS
            cells = [
                c
                for c in self._draft.line.cells(*kinds)
                if self._draft.free[c] and not self._draft.named_by(c)
            ]
            if slot.kind is Kind.COUNT:
                cells += [
                    c
                    for c in self._draft.line.cells("money")
                    if self._draft.free[c] and self._pieces(c)
                ]
            if cells:
                cell = min(cells)
                self._draft.use(self._draft.lead(slot, cell), cell + 1)
                self._draft.keep(parameter, self._draft.value(slot, cell))
            elif slot.kind is Kind.COUNT and parameter.required:
                self._take_single(parameter)

    def _take_single(self, parameter: Parameter) -> None:
        """摔了个马克杯: what is counted by its measure alone is one."""
        match = _SINGLE.search(self._draft.line.masked)
        if match and all(self._draft.free[slice(*match.span("one"))]):
            self._draft.use(*match.span("one"))
            one = Token("units", 0, 0, Decimal(1))
            self._draft.keep(parameter, value_of(parameter.slot, one, match["one"]))

    def _pieces(self, cell: int) -> bool:
        """Whether an amount may be a count: 20块 of soap."""
        token = self._draft.line.at[cell]
        return self._draft.line.text[token.start : token.end].endswith("块")
