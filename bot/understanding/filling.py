"""The slots of one command in one line, and what of the line it leaves unexplained."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.registry import Command, Parameter
from bot.slots import Kind, Slot
from bot.understanding import naming, schemas, shapes, specs, wording
from bot.understanding.catalogue import Catalogue
from bot.understanding.cues import Cue
from bot.understanding.naming import TARGETS
from bot.understanding.resolution import resolve
from bot.understanding.shapes import Bad
from bot.understanding.tokens import GAP, VALUES, Line, Token, pattern
from bot.understanding.values import AMOUNTS, NUMBERS, VAGUE, value_of

_IN_NAMES = frozenset({"", "sku", "category", "odd", "all", "spec", "measure"})
TARGET_CELLS = frozenset({"sku"})
_IDLE = re.compile(r"[一1]\s?[个款种样件只]")  # 加一个商品
_SHELF = pattern(
    r"(?:放|归|摆|分|挪|移|划|换|转|调|改)(?:到|在|进|入|类)*(?P<category>{category})(?:里面?|下面?|类|分类|那边|那一?类|中)?"
)
_AGAIN = ("按", "就是", "改成", "记成")  # 只找到5件 按5改
_OF_SPECS = re.compile(r"规格|颜色|尺码|尺寸|属性|选项|分类")  # 两个规格
_SINGLE = pattern(r"[了掉碎坏丢烂](?P<one>[个只瓶盒包件条罐杯袋支台把双])(?={sku})")
_KIND_OF_GOODS = pattern(r"类|分组|下面|底下|\bcategory\b|\bsection\b|\bkind of\b")
_COMPLAINT = re.compile(r"(?:有点|也|都|是)*(?:太|偏|过)?(?:低|高|贵|便宜|亏|贱)了?")  # 卖25太低了
_STORY = re.compile(r"系统|还没|没有|供应商|客人|顾客|老板|我们|咱们|以后|昨天|今天|刚才")
_NEAR = 8  # cells
_AS_IT_WAS = re.compile(
    r"(?:系统|账面|账上|电脑|原来|原本|以前|原价|之前)(?:里|上|写|显示|记|是|有|说|卖|的|才|价|了|多|少|差)*$"
)
_PEOPLE = frozenset({Kind.USER, Kind.PERSON})
_MEASURED = frozenset({Kind.COUNT, Kind.MONEY, Kind.FACTOR})


@dataclass(slots=True)
class Filled:
    """The slots of one command in one line.

    ``leftover``: words that no slot took, in the clause of the command; ``aside``: in others. ``spare``: values that none took, such as a second
    number. ``known``: the catalogue knows the target; ``guessed``: it resembles one it knows.
    ``vague``: numbers that are no plain count, as 2箱 or 二十左右.
    """

    slots: dict[str, Any] = field(default_factory=dict)
    bad: dict[str, Bad] = field(default_factory=dict)
    leftover: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    heard: tuple[str, str] = ("", "")  # all that no slot took, in the command's clause and outside
    spare: list[str] = field(default_factory=list)
    vague: list[str] = field(default_factory=list)
    known: bool = False
    guessed: bool = False
    shared: bool = False  # several names contain the words
    sounded: tuple[int, int] = (0, 0)  # cells of words that are a name by their sound or a part
    bare: set[str] = field(default_factory=set)
    free: list[bool] = field(default_factory=list)  # by cell: whether no slot and no word took it


def fill(cue: Cue, line: Line, catalogue: Catalogue | None, others: Sequence[Cue] = ()) -> Filled:
    """Read every slot of the cue's command out of the line, the surest shapes first.

    ``others`` are further words in it that say the same command.
    """
    return _Filler(cue.command, line, catalogue, cue, others).filled()


def fill_alone(command: Command, line: Line, catalogue: Catalogue | None) -> Filled:
    """The same without a cue: an answer to a question about one slot."""
    return _Filler(command, line, catalogue, None).filled()


class _Filler:
    def __init__(
        self,
        command: Command,
        line: Line,
        catalogue: Catalogue | None,
        cue: Cue | None,
        others: Sequence[Cue] = (),
    ) -> None:
        self._command, self._line, self._catalogue, self._cue = command, line, catalogue, cue
        self._others = others
        self._free = [True] * len(line.masked)
        self._out = Filled()
        hidden = {p.key for p in command.parameters if p.slot.kind is Kind.HIDDEN}
        self._parameters = [p for p in command.parameters if p.key not in hidden]

    def filled(self) -> Filled:
        if self._cue is not None:
            self._bind(self._cue)
            self._bind_others()
        rest = self._command.rest
        names = rest is not None and rest.slot.kind is Kind.NAME
        for parameter in self._parameters:
            self._take_labelled(parameter)
        if rest is not None and rest.slot.kind in TARGETS and rest.key not in self._out.slots:
            self._take_target(rest)
        for parameter in sorted(self._parameters, key=lambda p: _ORDER.get(p.slot.kind, 99)):
            if parameter.key not in self._out.slots and parameter.key not in self._out.bad:
                self._take_shaped(parameter)
        if not names:
            self._attach_specs()
        self._take_numbers()
        self._drop_idle()
        self._take_person()
        self._core = [not free for free in self._free]
        if self._out.known or rest is None or rest.slot.kind not in TARGETS:
            self._say_again()
        self._take_rest()
        return self._out

    def _take_person(self) -> None:
        """Whose order it is: 赵哥3095的账."""
        parameter = next((p for p in self._parameters if p.slot.kind is Kind.PERSON), None)
        if parameter is None or parameter.key in self._out.slots:
            return
        orders = [c for c in self._line.cells("order", "digits") if not self._free[c]]
        match = naming.customer(self._line.masked, orders[0] if orders else None)
        if match is not None and all(self._free[slice(*match.span("who"))]):
            self._use(match.start(), match.end())
            self._keep(parameter, self._line.words(*match.span("who")))

    def _say_again(self) -> None:
        """What says the same command once more explains nothing new and leaves no doubt."""
        for cue in self._others:
            cells = [c for c in cue.cells() if self._line.masked[c] not in VALUES]
            if all(self._free[cell] for cell in cells):
                for cell in cells:
                    self._free[cell] = False

    # What the words of the command themselves say.

    def _bind(self, cue: Cue) -> None:
        for cell in cue.cells():
            kind = self._line.kind(cell)
            number = kind in AMOUNTS or kind in NUMBERS
            if not kind or (number and (cue.bound or _IDLE.fullmatch(self._written(cell)))):
                self._free[cell] = False  # an old price; 一款 in 新到一款
        self._out.slots.update(cue.saying.gives)
        for name, written in cue.match.groupdict().items():
            if written is None or name.startswith(GAP):
                continue
            self._bind_group(name, *cue.match.span(name))

    def _bind_others(self) -> None:
        """A name and a category in one line: 更名为饺子包，并且换到包包分类."""
        for cue in self._others:
            said = {k for k, v in cue.match.groupdict().items() if v and not k.startswith(GAP)}
            kinds = {p.slot.kind for p in self._parameters if p.key in said}
            new = said and not said & self._out.slots.keys() and kinds <= {Kind.LABELLED}
            if new and all(self._free[slice(*cue.match.span())]):
                self._bind(cue)

    def _bind_group(self, name: str, start: int, end: int) -> None:
        down, since = name.endswith("_DOWN"), name.endswith("_FROM")
        key = name.removesuffix("_DOWN").removesuffix("_FROM").removesuffix("_MAYBE")
        parameter = next((p for p in self._parameters if p.key == key), None)
        if parameter is None:
            if key == "query":
                self._bind_old(start, end)
            return
        token = self._line.at.get(start)
        if token is None or end - start > 1:
            said = naming.clean(self._line.words(start, end))
            if parameter.slot.kind in _PEOPLE and not naming.sayable(parameter.slot.kind, said):
                return
            if parameter.key == "name" and _SPEC_LIKE.fullmatch(said):
                return
            self._free[start:end] = [False] * (end - start)
            self._keep(parameter, (self._cleaned(parameter, said) if said else None) or None)
            return
        if parameter.key == "name" and token.kind == "spec":
            return  # 粉色改叫裸粉色 renames no product
        value = self._value(parameter.slot, start, down=down)
        if name.endswith("_MAYBE") and token.kind in {"int", "digits"}:
            self._out.vague.append(self._line.text[token.start : token.end])
        self._free[start:end] = [False] * (end - start)
        self._keep(parameter, f"{value}-" if since else value)

    def _bind_old(self, start: int, end: int) -> None:
        """The old value of a spec that is changed."""
        token = self._line.at.get(start)
        spec = token is not None and token.kind in {"spec", "measure"}
        self._out.slots["query"] = (
            token.value[1] if spec and token else self._line.words(start, end)
        )
        self._use(start, end)

    # By label, by shape, by place.

    def _take_labelled(self, parameter: Parameter) -> None:
        slot = parameter.slot
        if not slot.labels or parameter.key in self._out.slots:
            return
        if slot.kind is Kind.LABELLED:
            self._take_chunk(parameter)
            return
        for phrase in slot.phrases:
            for match in pattern(phrase).finditer(self._line.masked):
                if all(self._free[match.start() : match.end()]):
                    self._use(match.start(), match.end())
                    self._keep(parameter, self._value(slot, match.start("value")))
                    return
        value = {"money": "{amount}", "count": "{n}"}.get(slot.kind, "{tracking}|{digits}")
        for match in shapes.labelled(slot.labels, slot.leads, value).finditer(self._line.masked):
            if all(self._free[match.start() : match.end()]):
                self._use(match.start(), match.end())
                self._keep(parameter, self._value(slot, match.start("value")))
                return

    def _take_chunk(self, parameter: Parameter) -> None:
        slot, text = parameter.slot, self._line.text
        for match in shapes.chunk(slot.labels, slot.leads).finditer(text):
            cells = self._between(match.start(), match.end())
            if cells and all(self._free[cell] for cell in cells):
                self._use(cells[0], cells[-1] + 1)
                said = match["value"].rstrip("吧了哦啊呢.!")
                self._keep(parameter, self._cleaned(parameter, said) if said else None)
                return
        if parameter.key == "category":
            self._take_path(parameter)
            self._take_shelf(parameter)

    def _take_path(self, parameter: Parameter) -> None:
        """放到母婴/护理: a category path tells itself by its strokes."""
        match = naming.PATH.search(self._line.text)
        cells = self._between(*match.span()) if match else []
        free = [c for c in cells if self._line.kind(c) not in TARGET_CELLS | {"category"}]
        if match and free == cells and all(self._free[cell] for cell in cells):
            self._use(cells[0], cells[-1] + 1)
            self._keep(parameter, match["path"])

    def _take_shelf(self, parameter: Parameter) -> None:
        """放手机配件里, 归文具类: a category that is known, with what says so."""
        match = _SHELF.search(self._line.masked)
        cell = match.start("category") if match else -1
        if match and parameter.key not in self._out.slots and self._free[cell]:
            self._use(*match.span())
            self._keep(parameter, self._line.at[cell].value["category"])

    def _between(self, start: int, end: int) -> list[int]:
        return [
            cell
            for cell, (first, last) in enumerate(self._line.places)
            if first < end and last > start
        ]

    def _take_target(self, rest: Parameter) -> None:
        one = rest.slot.kind is Kind.SKU
        kinds = ("sku",) if one else ("sku", "category", "all")
        for kind in kinds:
            for cell in self._line.cells(kind):
                if not self._free[cell]:
                    continue
                if kind == "category" and self._take_homophone(rest, cell):
                    return
                if kind == "all" and self._named_before(cell):
                    self._free[cell] = False
                    continue
                value = self._line.at[cell].value
                self._out.slots[rest.key] = {"all": True} if kind == "all" else dict(value)
                self._out.known = True
                self._free[cell] = False
                return
        if one:
            self._take_shared(rest)

    def _take_shared(self, rest: Parameter) -> None:
        """A category where one SKU is needed: which of its goods, is asked."""
        cell = next((c for c in self._line.cells("category") if self._free[c]), None)
        if cell is not None and not self._line.cells("sku"):
            if self._take_homophone(rest, cell):
                return
            self._free[cell] = False
            self._out.slots[rest.key] = {"name": self._line.words(cell, cell + 1)}
            self._out.shared = True

    def _take_homophone(self, rest: Parameter, cell: int) -> bool:
        """A name by its sound in which a category stands: 水培绿箩, 晚按绘本."""
        start, end = cell, cell + 1
        while end < len(self._free) and self._free[end] and self._letter(end):
            end += 1
        while start and self._free[start - 1] and self._letter(start - 1):
            start -= 1
        for first, last in ((cell, end), (start, cell + 1)):
            words = naming.clean(self._line.words(first, last))
            alike = self._catalogue.alike(words) if self._catalogue and last - first > 1 else None
            if alike is not None and alike[1]:
                self._resolve(rest, first, last, words)
                return True
        return False

    def _named_before(self, cell: int) -> bool:
        """Whether words that a name contains stand right before: 香水全部下架."""
        start = cell
        while start and self._free[start - 1] and self._letter(start - 1):
            start -= 1
        words = naming.clean(self._line.words(start, cell)) if start < cell else ""
        return (
            bool(words)
            and self._catalogue is not None
            and bool(self._catalogue.containing(words) or self._catalogue.alike(words))
        )

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
        rivals = set(self._command.needs) - {parameter.key}
        measured = {p.key for p in self._parameters if p.slot.kind in _MEASURED}
        said = self._out.slots.keys() | self._out.bad.keys()
        return parameter.key in self._command.needs and bool(rivals & measured & said)

    def _take_first(self, parameter: Parameter, kinds: tuple[str, ...]) -> None:
        if parameter.slot.kind is Kind.CATEGORY and self._sought_by_word():
            return
        for kind in kinds:
            for cell in self._counting(parameter, kind):
                value = self._value(parameter.slot, cell)
                if value is None:
                    continue
                self._use(self._lead(parameter.slot, cell), cell + 1)
                self._keep(parameter, value)
                return

    def _sought_by_word(self) -> bool:
        """Whether a category's name is rather a word to search for: 找 茶具, but not 茶具类."""
        searched = any(p.slot.kind is Kind.QUERY for p in self._parameters)
        priced = bool(self._line.cells("money", "int", "decimal"))
        return searched and not priced and not _KIND_OF_GOODS.search(self._line.masked)

    def _counting(self, parameter: Parameter, kind: str) -> list[int]:
        """The free cells of a kind; in 加一个商品 … 三十顶 the first counts nothing."""
        cells = [cell for cell in self._line.cells(kind) if self._free[cell]]
        names = self._command.rest is not None and self._command.rest.slot.kind is Kind.NAME
        if not names or parameter.slot.kind is not Kind.COUNT:
            return cells
        idle = [cell for cell in cells if _IDLE.fullmatch(self._written(cell))]
        others = self._line.cells("units", "int", "digits", "boxes", "decimal", "money")
        if others and others[0] not in idle:  # 上架沙画 45块 1个
            return cells
        for cell in idle:
            self._free[cell] = False
        return [cell for cell in cells if cell not in idle]

    def _drop_idle(self) -> None:
        """加一个商品: what counts the new thing itself counts nothing."""
        rest = self._command.rest
        counts = any(p.slot.kind is Kind.COUNT for p in self._parameters)
        if not counts or (rest is not None and rest.slot.kind is Kind.NAME):
            for cell in self._line.cells("units"):
                if _IDLE.fullmatch(self._written(cell)):
                    self._free[cell] = False

    def _written(self, cell: int) -> str:
        token = self._line.at[cell]
        return self._line.text[token.start : token.end]

    def _lead(self, slot: Slot, cell: int) -> int:
        """Where a value begins with the word that leads to it: 到 128."""
        for lead in sorted(slot.leads, key=len, reverse=True):
            start = cell - len(lead)
            if start >= 0 and self._line.masked[start:cell] == lead and all(self._free[start:cell]):
                return start
        return cell

    def _take_choice(self, parameter: Parameter) -> None:
        """The value of the last word of a choice that is said: in 授权 王老板 店员 that is 店员."""
        said = [
            (match.end(), len(match[0]), match, value)
            for value, words in parameter.slot.choices.items()
            for match in shapes.words_of(words).finditer(self._line.masked)
            if match[0] and self._open_for_choice(match.start(), match.end())
        ]
        if said:
            _, _, match, value = max(said, key=lambda found: found[:2])
            self._use(match.start(), match.end())
            self._keep(parameter, value)
            return
        whole = [cell for cell in self._line.cells("all") if self._free[cell]]
        if whole and "all" in parameter.slot.choices:
            self._free[whole[0]] = False
            self._keep(parameter, "all")

    def _open_for_choice(self, start: int, end: int) -> bool:
        """A choice may be said by the words of the command too: 没发货的订单."""
        own = set(self._cue.cells()) if self._cue is not None else set()
        return all(self._free[cell] or cell in own for cell in range(start, end))

    def _take_ticket(self, parameter: Parameter) -> None:
        match = re.search(
            r"(?<![0-9A-Za-z])(?P<ticket>[0-9A-F]{6})(?![0-9A-Za-z])", self._line.text
        )
        cells = self._between(*match.span()) if match else []
        if match and cells and all(self._free[cell] for cell in cells):
            self._use(cells[0], cells[-1] + 1)
            self._keep(parameter, match["ticket"])

    def _take_specs(self, parameter: Parameter) -> None:
        if parameter.slot.kind is Kind.SCHEMA:
            value: Any = self._schema()
        else:
            value = self._pairs() | self._loose_specs()
        if value:
            self._keep(parameter, value)

    def _pairs(self) -> dict[str, str]:
        """``颜色=白``, and ``颜色:白`` for the spec keys that everybody uses."""
        found: dict[str, str] = {}
        for match in _PAIR.finditer(self._line.text):
            cells = self._between(*match.span())
            if cells and all(self._free[cell] for cell in cells):
                self._use(cells[0], cells[-1] + 1)
                key = _KEYS.get(match["k2"] or "", match["k2"]) or match["key"]
                found[key] = (match["v2"] or match["value"]).rstrip("的")
        return found

    def _schema(self) -> list[dict[str, Any]]:
        """Spec keys, their values or None, and which are required."""
        text = self._line.text
        said = [*schemas.declared(text)] or [*schemas.worded(text)]
        if not said:
            return self._measured()
        found = []
        for one in said:
            cells = self._between(one.start, one.end)
            if cells and "sku" not in {self._line.kind(cell) for cell in cells}:
                self._use(cells[0], cells[-1] + 1)
                values = list(one.values) if one.values else None
                found.append({"key": one.key, "values": values, "required": one.required})
        return found

    def _measured(self) -> list[dict[str, Any]]:
        """Values that tell their key themselves: only 160ml and 240ml."""
        values: dict[str, list[str]] = {}
        for cell in self._line.cells("spec", "measure"):
            key, value = self._line.at[cell].value
            if self._free[cell]:
                self._free[cell] = False
                values.setdefault(key, []).append(value)
        return [{"key": k, "values": said, "required": True} for k, said in values.items()]

    def _loose_specs(self, name: str = "") -> dict[str, str]:
        """Weights, volumes, sizes and colours that stand for themselves.

        3公斤 of a product that has no weights is an amount, and not to be counted in pieces.
        """
        found: dict[str, str] = {}
        for cell in self._line.cells("spec", "measure"):
            key, value = self._line.at[cell].value
            if not self._free[cell] or key in found:
                continue
            self._free[cell] = False
            if name and self._line.kind(cell) == "measure" and self._never_has(name, key):
                self._out.vague.append(self._written(cell))
            else:
                found[key] = value
        return found

    def _never_has(self, name: str, key: str) -> bool:
        known = self._catalogue is not None and self._out.known
        return known and self._catalogue is not None and not self._catalogue.values(name, key)

    def _attach_specs(self) -> None:
        """Give the target the specs that stand elsewhere in the line, where it has none such."""
        key = next((p.key for p in self._parameters if p.slot.kind in TARGETS), "")
        target = self._out.slots.get(key)
        if not isinstance(target, dict) or "name" not in target:
            return
        said = dict(target.get("specs", {}))
        takes_specs = any(p.slot.kind in {Kind.SPECS, Kind.SCHEMA} for p in self._parameters)
        new = {} if takes_specs else self._pairs() | self._loose_specs(target["name"])
        merged = said | {key: value for key, value in new.items() if key not in said}
        if merged:
            self._out.slots[key] = {**target, "specs": merged}

    def _take_numbers(self) -> None:
        """Give bare numbers to the numeric slots in declared order."""
        for parameter in self._parameters:
            slot = parameter.slot
            if (
                slot.kind not in {Kind.COUNT, Kind.MONEY}
                or not slot.bare
                or parameter.key in self._out.slots
                or parameter.key in self._out.bad
                or self._said_otherwise(parameter)
            ):
                continue
            kinds = AMOUNTS if slot.kind is Kind.MONEY else NUMBERS
            cells = [c for c in self._line.cells(*kinds) if self._free[c] and not self._named_by(c)]
            if slot.kind is Kind.COUNT:
                cells += [c for c in self._line.cells("money") if self._free[c] and self._pieces(c)]
            if cells:
                cell = min(cells)
                self._use(self._lead(slot, cell), cell + 1)
                self._out.bare.add(parameter.key)
                self._keep(parameter, self._value(slot, cell))
            elif slot.kind is Kind.COUNT and parameter.required:
                self._take_single(parameter)

    def _take_single(self, parameter: Parameter) -> None:
        """摔了个马克杯: what is counted by its measure alone is one."""
        match = _SINGLE.search(self._line.masked)
        if match and all(self._free[slice(*match.span("one"))]):
            self._use(*match.span("one"))
            one = Token("units", 0, 0, Decimal(1))
            self._keep(parameter, value_of(parameter.slot, one, match["one"]))

    def _named_by(self, cell: int) -> bool:
        """Whether a number is a part of a new name: 可乐330, glued to its letters."""
        rest = self._command.rest
        if rest is None or rest.slot.kind is not Kind.NAME or not cell:
            return False
        glued = self._line.places[cell][0] == self._line.places[cell - 1][1]
        bare = self._line.kind(cell) in {"int", "digits"} and self._line.masked[cell - 1] != " "
        return bare and glued and self._free[cell - 1] and self._letter(cell - 1)

    def _pieces(self, cell: int) -> bool:
        """Whether an amount may be a count: 20块 of soap."""
        token = self._line.at[cell]
        return self._line.text[token.start : token.end].endswith("块")

    def _value(self, slot: Slot, cell: int, *, down: bool = False) -> Any:
        """The value of a cell as the slot holds it; what is no plain count is noted as vague."""
        token = self._line.at[cell]
        written = self._line.text[token.start : token.end]
        if token.kind in VAGUE and slot.kind in {Kind.COUNT, Kind.MONEY}:
            self._out.vague.append(written)
        return value_of(slot, token, written, down=down)

    def _keep(self, parameter: Parameter, value: Any) -> None:
        if isinstance(value, Bad):
            self._out.bad[parameter.key] = value
        elif value is not None:
            self._out.slots[parameter.key] = value

    def _use(self, start: int, end: int) -> None:
        self._free[start:end] = [False] * (end - start)

    # What is left.

    def _take_rest(self) -> None:
        rest = self._command.rest
        if rest is not None and rest.key not in self._out.slots:
            self._take_words(rest)
        elif rest is not None and self._out.known and rest.slot.kind in TARGETS:
            self._lengthen(rest)
        self._out.free = self._free
        self._out.spare = [
            self._line.text[token.start : token.end]
            for cell, token in self._line.at.items()
            if self._free[cell] and not self._harmless(cell, token.kind, token.value)
        ]
        clauses = self._clauses()
        said = {clauses[c] for c, core in enumerate(self._core) if core and not self._mute(c)}
        self._out.heard = (
            self._unread(lambda cell: clauses[cell] in said),
            self._unread(lambda cell: clauses[cell] not in said),
        )
        for start, end, words in self._unexplained():
            near = any(clauses[cell] in said for cell in range(start, end))
            (self._out.leftover if near else self._out.aside).append(words)

    def _unread(self, wanted: Callable[[int], bool]) -> str:
        """The letters that no slot took, those of the wanted cells."""
        return "".join(
            mark if free and mark not in VALUES and wanted(cell) else "\0"
            for cell, (mark, free) in enumerate(zip(self._line.masked, self._free, strict=True))
        )

    def _mute(self, cell: int) -> bool:
        """Whether a cell is a stop or a token that says nothing of the command."""
        return self._line.masked[cell] in ",."

    def _clauses(self) -> list[int]:
        """The number of the clause of each cell: stops and blanks part clauses."""
        numbers, number, end = [], 0, 0
        for (start, stop), mark in zip(self._line.places, self._line.masked, strict=True):
            if mark in ",." or start > end:
                number += 1
            numbers.append(number)
            end = stop
        return numbers

    def _harmless(self, cell: int, kind: str, value: Any) -> bool:
        """Whether a value that no slot took says nothing: 今天, 昨天的 before what is pushed daily."""
        timed = any(p.slot.kind is Kind.TIME for p in self._parameters)
        told = timed and self._line.masked[cell + 1 : cell + 2] == "的"
        before = self._line.masked[max(cell - _NEAR, 0) : cell]
        old = kind in NUMBERS or kind in AMOUNTS
        return (
            kind == "all"
            or (old and _OF_SPECS.match(self._line.masked, cell + 1) is not None)
            or (old and before.endswith(_AGAIN) and self._said_already(value))
            or (kind == "period" and (value == "today" or told))
            or (old and _AS_IT_WAS.search(before) is not None)
            or (old and _COMPLAINT.match(self._line.masked, cell + 1) is not None)
        )

    def _said_already(self, value: Any) -> bool:
        """Whether a number only repeats what a slot holds: 只找到5件 按5改."""
        if not isinstance(value, Decimal):
            return False
        counts = {p.key for p in self._parameters if p.slot.kind is Kind.COUNT}
        return any(
            abs(v) == value * (1 if key in counts else 100)
            for key, v in self._out.slots.items()
            if isinstance(v, int) and not isinstance(v, bool)
        )

    def _take_words(self, rest: Parameter) -> None:
        """The longest run that is left: a name, a person, words to search for."""
        kind = rest.slot.kind
        mention = next((c for c in self._line.cells("mention") if self._free[c]), None)
        if kind is Kind.SECRET:
            self._take_secret(rest)
            return
        if kind is Kind.USER and mention is not None:
            self._free[mention] = False
            self._out.slots[rest.key] = self._line.at[mention].value
            return
        runs = [run for run in self._runs(kind) if run[2] and naming.sayable(kind, run[2])]
        if kind is Kind.QUERY:
            runs = [run for run in runs if naming.sought(run[2])]
        if not runs:
            return
        start, end, words = max(
            runs,
            key=lambda run: (
                self._resolves(kind, run[2]),
                kind is not Kind.NAME or not _STORY.search(run[2]),
                len(run[2]),
                -run[0],
            ),
        )
        if kind is Kind.QUERY:
            start, end = runs[0][0], runs[-1][1]
            words = " ".join(naming.sought(run[2]) for run in runs)
        if kind is Kind.SKU or kind is Kind.SKUS:
            self._resolve(rest, start, end, words)
            return
        self._use(start, end)
        if kind is Kind.NAME:
            signs = naming.signs_before(self._line.text[: self._line.places[start][0]])
            words = signs + self._named(start, end, words)
        self._out.slots[rest.key] = self._cleaned(rest, words)

    def _cleaned(self, parameter: Parameter, words: str) -> Any:
        """Words without what only leads to them."""
        match parameter.slot.kind:
            case Kind.USER:
                return naming.member(words)
            case Kind.PERSON:
                return naming.customer_name(words)
            case Kind.LABELLED if parameter.key == "category":
                return naming.category(words)
            case Kind.SPECS:
                return {self._spec_key(words): words}
        return naming.called(words) if parameter.key == "name" else words

    def _spec_key(self, words: str) -> str:
        """The spec that a new value is of: that of the old one beside it, else by its last letter."""
        cells = self._cue.cells() if self._cue is not None else ()
        old = [c for c in cells if self._line.kind(c) in {"spec", "measure"}]
        if old:
            return str(self._line.at[old[0]].value[0])
        key = _KEY_SAID.search(self._cue.match[0]) if self._cue is not None else None
        return _KEYS.get(key[0], key[0]) if key else specs.key_of(words)

    def _resolves(self, kind: Kind, words: str) -> bool:
        """Whether words that are no name as they stand are one by their sound or a part of it."""
        if kind not in TARGETS or self._catalogue is None:
            return False
        alike = self._catalogue.alike(words)
        return (alike is not None and alike[1]) or len(self._catalogue.containing(words)) == 1

    def _take_secret(self, rest: Parameter) -> None:
        """A one-time code: letters and digits, whatever they would be elsewhere."""
        for match in naming.codes_in(self._line.text):
            cells = self._between(*match.span())
            if cells and all(self._free[cell] for cell in cells):
                self._use(cells[0], cells[-1] + 1)
                self._out.slots[rest.key] = match[0]
                return

    def _named(self, start: int, end: int, words: str) -> str:
        """A new product's name, without specs of a known one and without a code before it."""
        goods = [c for c in range(start, end) if self._line.kind(c) == "sku"]
        slot = next((p for p in self._parameters if p.slot.kind is Kind.SPECS), None)
        if len(goods) == 1 and slot is not None:
            target = self._line.at[goods[0]].value
            if target.get("specs") and end - start == 1:
                given = self._out.slots.get(slot.key, {})
                self._out.slots[slot.key] = {**target["specs"], **given}
                return str(target["name"])
        if len(goods) == 1 and slot is not None:
            variant = naming.VARIANT.fullmatch(self._line.words(goods[0] + 1, end))
            if variant is not None:
                words = self._line.words(goods[0], goods[0] + 1)
                if variant["value"]:
                    words = f"{words} {variant['value']}{variant['key']}"
        if slot is not None and (said := naming.with_spec(words)) is not None:
            known = self._out.slots.get(slot.key, {})
            self._out.slots[slot.key] = {said[1]: said[2], **known}
            words = said[0]
        code, name = naming.coined(words)
        if not code or "code" not in {p.key for p in self._parameters} - self._out.slots.keys():
            return words
        self._out.slots["code"] = code
        return name

    def _resolve(self, rest: Parameter, start: int, end: int, words: str) -> None:
        """A target in words that no name is."""
        specs = self._out.slots.get(rest.key, {}).get("specs")
        found = resolve(words, self._catalogue)
        self._out.known, self._out.guessed = found.known, found.guessed
        self._out.shared = found.shared
        if not rest.slot.bare and not found.known:
            return
        if (found.start, found.end) != (0, len(words)):
            offset = self._line.text.find(words, self._line.places[start][0])
            cells = self._between(offset + found.start, offset + found.end)
            start, end = cells[0], cells[-1] + 1
        self._use(start, end)
        if found.known:
            self._out.sounded = (start, end)
        said = (specs or {}) | (self._own_specs(found.target) if found.known else {})
        self._out.slots[rest.key] = found.target | ({"specs": said} if said else {})
        self._attach_specs()

    def _own_specs(self, target: dict[str, Any]) -> dict[str, str]:
        """Spec values of a product that is known by its sound: 铁关音浓香的."""
        found: dict[str, str] = {}
        if self._catalogue is None or "name" not in target:
            return found
        forms = self._catalogue.forms(target["name"])
        for form in sorted(forms, key=len, reverse=True):
            key, value = forms[form]
            match = re.search(re.escape(form), self._line.text, re.IGNORECASE)
            cells = self._between(*match.span()) if match and not form.isdigit() else []
            if cells and key not in found and all(self._free[cell] for cell in cells):
                self._use(cells[0], cells[-1] + 1)
                found[key] = value
        return found

    def _runs(self, kind: Kind) -> list[tuple[int, int, str]]:
        """Runs of free cells with the words in them, without what is no part of a name.

        A new name may hold what else would be a value: 手冲壶礼盒, 52度白酒.
        """
        takes = self._letter if kind not in {Kind.NAME, Kind.QUERY} else self._nameable
        runs: list[tuple[int, int, str]] = []
        start = None
        for cell in range(len(self._free) + 1):
            inside = cell < len(self._free) and self._free[cell] and takes(cell)
            if inside and start is None:
                start = cell
            elif not inside and start is not None:
                runs += self._trimmed(start, cell)
                start = None
        return runs

    def _letter(self, cell: int) -> bool:
        return self._line.masked[cell] not in VALUES and self._line.masked[cell] not in ",."

    def _nameable(self, cell: int) -> bool:
        """Whether a cell may be a part of a new name, or of words to search for."""
        held = self._line.kind(cell)
        letters = held in _IN_NAMES and self._line.masked[cell] != ","
        return letters or self._named_by(cell)

    def _trimmed(self, start: int, end: int) -> list[tuple[int, int, str]]:
        words = self._line.words(start, end)
        low, high = naming.trimmed(words)
        if low >= high:
            return []
        offset = self._line.places[start][0]
        cells = self._between(offset + low, offset + high)
        return [(cells[0], cells[-1] + 1, words[low:high].strip())]

    def _lengthen(self, rest: Parameter) -> None:
        """Letters right beside a known product may make another name of it: 手冲壶礼盒."""
        place = next((c for c in self._line.cells("sku") if not self._free[c]), None)
        if place is None or self._line.at[place].value.get("specs"):
            return
        end = place + 1
        while end < len(self._free) and self._free[end] and self._letter(end):
            if self._line.places[end][0] != self._line.places[end - 1][1]:
                break
            end += 1
        words = self._line.words(place + 1, end)
        if not words or wording.FILLER.match(self._line.masked, place + 1):
            return
        if not naming.lengthens(words):
            return
        self._use(place + 1, end)
        self._out.slots[rest.key] = {"name": self._line.words(place, end)}
        self._out.known = False

    def _unexplained(self) -> Iterator[tuple[int, int, str]]:
        """Runs of letters that say something and that nothing explains."""
        masked = list(self._line.masked)
        for cell, free in enumerate(self._free):
            if not free or masked[cell] in VALUES:
                masked[cell] = "\0"
        text = "".join(masked)
        for filler in self._fillers():
            text = filler.sub(lambda m: "\0" * len(m[0]) if "\0" not in m[0] else m[0], text)
        for match in re.finditer(r"[^\0]+", text):
            words = self._line.words(match.start(), match.end()).strip(" ,.;:!~=-")
            if words:
                yield match.start(), match.end(), words

    def _fillers(self) -> tuple[re.Pattern[str], ...]:
        if self._command.writes:
            return (wording.FILLER,)
        return (wording.ASKING, wording.FILLER)


_SPEC_LIKE = re.compile(r".{1,4}[色码号]")
_KEY_SAID = re.compile(r"颜色|尺寸|尺码|口味|香型|重量|净重|容量|包装|款式")
_PAIR = re.compile(
    r"(?P<key>[^\s=,;:]{1,20})\s?=\s?(?P<value>[^\s=;,]{1,40})[;,]?"
    r"|(?P<k2>颜色|尺寸|尺码|口味|香型|重量|净重|容量|包装|款式)\s?(?:改成|改为|换成|变成|是|为|:)?\s?(?P<v2>(?!换新|换了|改了|坏|破|烂|太|更好|升级|[0-9一二三四五六七八九十百]+(?:块|元|\.))[^\s=;,不有还吗?都全各]{1,20})"
)
_KEYS = {"尺码": "尺寸", "净重": "重量"}
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
