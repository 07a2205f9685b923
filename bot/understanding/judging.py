"""How sure a reading is: done at once, confirmed, asked about, or let alone."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot import texts
from bot.registry import Command, Registry
from bot.slots import Kind
from bot.understanding import naming, questions, wording
from bot.understanding.candidates import LONG, Candidate
from bot.understanding.catalogue import Catalogue
from bot.understanding.cautions import cautious
from bot.understanding.cues import Cue
from bot.understanding.ear import IGNORE, NOT, ear
from bot.understanding.lists import Items
from bot.understanding.reading import TARGETS, UNSAID, Reading
from bot.understanding.specs import COLOURS
from bot.understanding.tokens import Line

_SKU_KINDS = frozenset({Kind.SKU, Kind.SKUS})
_NAMED_KINDS = _SKU_KINDS | {Kind.NAME}
_AMOUNTS = (
    "int",
    "digits",
    "units",
    "boxes",
    "money",
    "decimal",
    "off",
    "percent",
    "plus",
    "minus",
    "order",
    "about",
)
# Said once for all things of a list.
_SHARED = frozenset({"period", "topic", "carrier", "query", "delta"})
_HALF, _UNLIKE, _HARDLY, _SURELY = 0.5, 0.2, 0.05, 0.8
_OPPOSITE, _DOUBLE = {"restock": "deduct", "deduct": "restock"}, 0.1  # never told by sound alone
_FEW = 4  # letters nobody understands that leave a write beyond doubt
_LIGHT = frozenset({"subscribe", "language"})
_DOUBTED = re.compile(r'["?]|吗|么|了没|如果|要是|假如|昨天|\b(?:if|yesterday)\b')
_MOVES = frozenset({"restock", "deduct", "stocktake"})
_NAMING = frozenset({"add_sku", "edit_sku"})
_NUMBERED = re.compile(r"[0-9]|^[二三四五六七八九]")
_ROW = re.compile(
    r"[0-9]{2,3} ?(?:-|~|到|至) ?[0-9]{2,3} ?码|(?<![A-Z0-9])X{0,2}[SML] ?(?:-|~|到|至) ?[2-6]?X{0,3}[SML](?![A-Z0-9])|[0-9]+(?:/[0-9]+)+|[0-9]{3,}-[0-9]{3,}元?"
)  # 36-40码, S-XL, 36/37/38
_SPEC_SAID = re.compile(r"香型|口味|颜色|尺码|尺寸|[色味款码]$")  # a spec that no slot took
_EVERY = re.compile(r"都|统统|一律|统一|通通|全(?!麦|棉|脂)")
_PRONOUN = re.compile(
    r"(?:那[个盆瓶盒包袋双套罐支本把台件条]|这个|它们?|那款|这款|同款|那些|这些|上面那个|刚才那个|\bit\b|\bthat(?: one)?\b|\bthem\b|\bthose\b)"
)
# Writes on several things at once that are worth a look before they are done.
_WEIGHTY = frozenset({"set_price", "set_threshold", "delist", "relist", "cancel_order", "refund"})


class Judge:
    """Judges the readings of one message."""

    def __init__(self, catalogue: Catalogue | None, commands: Registry, language: str) -> None:
        self.catalogue, self.commands, self.language = catalogue, commands, language

    def judged(self, best: Candidate, found: list[Cue]) -> Reading:
        """The likeliest reading of a line as what is to come of it."""
        command, filled = best.command, best.filled
        slots = dict(filled.slots)
        reading = Reading(
            intent=command.intent,
            slots=slots,
            missing=best.missing,
            bad=filled.bad,
            doubt=self._doubtful(best, found),
            lost=best.lost,
            summons=self._summons(best),
            worded=best.cue.letters > 0,
        )
        if not command.acts:
            return self._looked_up(best, reading)
        return self._acted(best, reading)

    def _acted(self, best: Candidate, reading: Reading) -> Reading:
        """A write: it must be meant before it is looked at what it would do."""
        filled = best.filled
        if best.sounds(IGNORE) > _SURELY:
            return Reading()
        if self._light(best):
            return replace(reading, outcome="execute", doubt="")
        if best.missing and _PRONOUN.search(best.line.text) and not filled.known:
            return self._pointed(best)
        if (
            best.doubt == "injection"
            or (best.doubt and not best.certain)
            or best.sounds(NOT) > _HALF
        ):
            return self._unsure(best)
        if best.sounds(IGNORE) > _HALF or self._idle(best):
            return Reading()
        half = best.missing or filled.bad
        return self._half_said(best, reading) if half else self._weighed(best, reading)

    def _light(self, best: Candidate) -> bool:
        """Whether it is said plainly and does no harm: a condition is what a subscription is about."""
        said = best.command.intent in _LIGHT or (
            best.command.intent == "bind" and not best.filled.slots
        )
        off = best.filled.slots.get("query") == "off"
        doubted = _DOUBTED.search(best.line.text) or (
            not off and wording.NEGATION.search(best.line.masked)
        )
        wrong = best.missing or best.filled.bad or best.doubt == "injection"
        careful = cautious(best.command.intent, best.line)
        return said and best.sure and not (doubted or wrong or careful)

    def _idle(self, best: Candidate) -> bool:
        """Whether nothing is named and the words are hardly a command: 开门见山 opens no shop."""
        plain = best.likely > _HALF and best.sounds(IGNORE) + best.sounds(NOT) < _UNLIKE
        if best.filled.slots.keys() - UNSAID or best.sure or plain:
            return False
        left = [*best.filled.leftover, *best.filled.aside]
        return bool(left) and (best.command.intent != "undo" or not best.cue.letters)

    def _half_said(self, best: Candidate, reading: Reading) -> Reading:
        """A write of which something is missing or cannot be."""
        if not best.sure and not self._worth_asking(best):
            return Reading()
        question = questions.ask(self.language, best.command, best.missing, best.filled.bad)
        return replace(reading, outcome="clarify", question=question)

    def _doubtful(self, best: Candidate, found: list[Cue]) -> str:
        """The words that leave a doubt: many in the clause of the command, odd numbers anywhere."""
        filled = best.filled
        left = "".join(filled.leftover)
        rest = best.command.rest
        sure = filled.known or rest is None or rest.slot.kind not in _NAMED_KINDS
        many = _weight(filled.leftover) > _FEW or (not sure and not best.sure) or _people(left)
        named = rest is not None and rest.slot.kind is Kind.NAME
        words = filled.leftover if many or (named and _SPEC_SAID.search(left)) else []
        if best.sure and sure:
            words = [word for word in words if not ear().knows(word)]
        numbered = [w for w in (*filled.leftover, *filled.aside) if _NUMBERED.search(w)]
        if best.command.intent == "undo":  # whatever went wrong, the last write goes back
            return " ".join([*filled.spare, cautious("undo", best.line)]).strip()
        other = (
            self._other(best, found)
            or self._unnamed(best)
            or cautious(best.command.intent, best.line)
            or self._akin(best)
        )
        return " ".join(
            dict.fromkeys(w for w in (*words, *numbered, *filled.spare, *filled.vague, other) if w)
        )

    def _akin(self, best: Candidate) -> str:
        """A word beside the product that makes another one of it: 加绒的打底裤, T恤白黑各补20."""
        target = best.filled.slots.get(best.command.rest.key) if best.command.rest else None
        if self.catalogue is None or not isinstance(target, dict) or "name" not in target:
            return ""
        name, forms = str(target["name"]), self.catalogue.forms(str(target["name"]))
        for word in (*best.filled.leftover, *best.filled.aside):
            tint = forms and len(word) < _FEW and set(word) & set(COLOURS)
            if word.casefold() in forms or tint:
                return word
            if len(word) > 1 and self.catalogue.containing(f"{word}{name}"):
                return word
        return ""

    def _unnamed(self, best: Candidate) -> str:
        """A new name that is none, or more than one: nothing in the catalogue can vouch for it."""
        said = best.filled.slots.get("name")
        if best.command.intent not in _NAMING or not isinstance(said, str):
            return ""
        spread = _spread(best.line)
        if spread and not isinstance(best.filled.slots.get("specs"), list):
            return spread
        own = said
        for found in self.catalogue.locate(said) if self.catalogue is not None else ():
            own = own.replace(said[found.start : found.end], "")
        return "" if naming.plain(own, ear().knows) else said

    def _other(self, best: Candidate, found: list[Cue]) -> str:
        """Words of another write in the same line that this one does not explain."""
        for cue in found:
            if cue.command.intent == best.command.intent or not cue.command.writes:
                continue
            cells = [c for c in cue.cells() if best.line.kind(c) == ""]
            if best.certain and best.sounds(cue.command.intent) < _HARDLY:
                continue
            if cue.letters > 1 and all(best.filled.free[cell] for cell in cells):
                return cue.match[0].strip(",.")
        return ""

    def _weighed(self, best: Candidate, reading: Reading) -> Reading:
        """A write with all its slots: done, confirmed, or asked about."""
        command, slots = best.command, reading.slots
        if best.lost and not best.filled.shared and not self._namable(best):
            return Reading() if not best.strong else self._unsure(best)
        if (best.filled.shared and best.lost) or self._ambiguous(command, slots):
            question = texts.say(self.language, "ask.which", words=_said(slots))
            return replace(reading, outcome="clarify", question=question, ambiguous=True)
        unheard = best.lost and self.catalogue is not None and not best.at_start
        other = best.sounds(_OPPOSITE.get(best.command.intent, ""))
        silent = not best.cue.letters and (not best.sure or other > _DOUBLE)
        whole = not (best.filled.leftover or best.filled.aside or best.filled.spare)
        least = _UNLIKE if whole else _HALF  # what is explained to the last letter needs less
        unlike = not best.at_start and (silent or best.likely < least)
        if reading.doubt or best.filled.guessed or unheard:
            asked = questions.doubted(self.language, command, reading.doubt or best.raw)
            return replace(reading, outcome="confirm", question=asked)
        if unlike or best.doubt or command.confirms(slots) or self._weighty(best):
            ask = texts.say(self.language, "confirm.ask")
            return replace(reading, outcome="confirm", question=ask)
        return replace(reading, outcome="execute", doubt="")

    def _looked_up(self, best: Candidate, reading: Reading) -> Reading:
        filled = best.filled
        if best.command.answers is not None:
            return replace(reading, outcome="execute", doubt="")
        if wording.INJECTION.search(best.line.masked):
            return self._unsure(best)
        talk = best.sounds(IGNORE) > _HALF or best.sounds(NOT) > _HALF
        if talk or (best.likely < _HALF and self._chat(best)):
            return self._unsure(best) if best.sounds(NOT) > _HALF else Reading()
        if best.missing or filled.bad:
            question = questions.ask(self.language, best.command, best.missing, filled.bad)
            return replace(reading, outcome="clarify", question=question)
        return replace(reading, outcome="execute", doubt="")

    def _chat(self, best: Candidate) -> bool:
        """Whether a look-up is rather people talking with each other."""
        filled = best.filled
        left = " ".join(filled.leftover)
        aside = " ".join(filled.aside)
        if _people(f"{left} {aside}") and (not filled.known or best.cue.letters < 3):
            return True
        if best.lost and self.catalogue is not None and best.cue.letters < 2 and not best.at_start:
            return True
        rest = best.command.rest
        raw = best.raw
        if rest is not None and rest.slot.kind in _SKU_KINDS | {Kind.QUERY} and raw:
            if len(raw) > LONG and not raw.isascii():
                return True
            if any(p.search(raw.casefold()) for p in wording.DOUBTS.values()):
                return True
        if best.command.intent == "help" and not filled.slots and len(left) > _FEW:
            return True
        return len(left) > 6 and len(left) > 2 * best.cue.letters and not filled.known

    def _unsure(self, best: Candidate) -> Reading:
        """A write that may not be meant: asked about when it is about the shop, else let alone."""
        left = " ".join([*best.filled.leftover, best.raw]).casefold()
        about = best.filled.known or bool(
            best.line.cells("order", "digits", "units", "plus", "minus", "money")
        )
        if best.doubt == "injection" and not about:
            return Reading()
        if not about or (
            _people(left) and not best.line.cells(*_AMOUNTS) and best.doubt != "injection"
        ):
            return Reading()
        slots = {k: v for k, v in best.filled.slots.items() if k in TARGETS | {"order_no"}}
        if not best.filled.known:
            named = best.raw or best.line.cells("sku")
            certain = {"order_no"} if named else {"order_no", "delta"}
            slots = {k: v for k, v in best.filled.slots.items() if k in certain}
        question = texts.say(self.language, "ask.unclear")
        return Reading(outcome="clarify", slots=slots, question=question)

    def _pointed(self, best: Candidate) -> Reading:
        """``那个再加5个``: which, only the dialogue may know."""
        slots = {k: v for k, v in best.filled.slots.items() if k not in TARGETS | {"user"}}
        question = texts.say(self.language, "ask.unclear")
        return Reading(
            outcome="clarify", slots=slots, question=question, pointed=best.command.intent
        )

    def _worth_asking(self, best: Candidate) -> bool:
        """Whether an incomplete write is a command at all: 补货, not 加油 or 发工资了."""
        filled = best.filled
        if filled.known or (
            best.cue.letters and best.line.cells("order", "tracking", "plus", "minus")
        ):
            return True
        if best.at_start and not filled.leftover and best.cue.letters > 1 and not best.lost:
            return True
        kinds = {p.slot.kind for p in best.command.parameters if p.required}
        if Kind.ORDER in kinds and best.line.cells("money"):
            return True
        if Kind.USER in kinds and filled.slots and not filled.leftover and best.cue.letters > 1:
            return True
        if wording.PEOPLE.search(best.line.text.casefold()):
            return False
        numbers = best.line.cells("int", "digits", "units", "money", "decimal", "boxes", "odd")
        plain = not filled.leftover and len(best.raw) <= LONG
        whole = not filled.aside and len(list(best.cue.cells())) >= len(best.line.masked) - 1
        return plain and best.strong and (bool(numbers) or best.at_start or whole)

    def _namable(self, best: Candidate) -> bool:
        """Whether words that no product is called may be a product all the same."""
        raw = best.raw or "code"
        if len(raw) > LONG and not raw.isascii():
            return False
        if wording.PEOPLE.search(raw.casefold()):
            return False
        if best.cue.saying.pattern in {r"(?P<delta>{plus})", r"(?P<delta>{minus})"}:
            return len(raw) > 1 and (raw.isascii() or self.catalogue is None)
        if (
            self.catalogue is not None
            and not best.at_start
            and (best.filled.aside or raw.count(" ") > 2)
        ):
            return False
        return best.strong and not best.filled.leftover

    def _ambiguous(self, command: Command, slots: Mapping[str, Any]) -> bool:
        """Whether one SKU is needed and the words fit several."""
        rest = command.rest
        if rest is None or rest.slot.kind is not Kind.SKU or self.catalogue is None:
            return False
        target = dict(slots.get(rest.key, {}))
        old, new = slots.get("query"), slots.get("specs")
        if old and isinstance(new, Mapping):  # the 500ml one, which is 480ml
            target["specs"] = dict.fromkeys(new, old) | target.get("specs", {})
        return command.writes and len(self.catalogue.codes(target)) > 1

    def _weighty(self, best: Candidate) -> bool:
        """Whether the write touches several SKUs: all, a category, every SKU of a product."""
        rest = best.command.rest
        if rest is None or rest.slot.kind is not Kind.SKUS or best.command.intent not in _WEIGHTY:
            return False
        target = best.filled.slots.get(rest.key, {})
        if "all" in target or "category" in target or best.line.cells("all"):
            return True
        if self.catalogue is None or len(self.catalogue.codes(target)) < 2:
            return False
        every = _EVERY.search(best.line.masked)
        priced = best.command.intent == "set_price" and "price_fen" in best.filled.slots
        return not priced or every is not None

    def _summons(self, best: Candidate) -> bool:
        """So much a command that nobody needs to address the bot."""
        if best.filled.leftover or best.filled.spare or best.doubt:
            return False
        end = best.cue.match.end()
        places = best.line.places
        apart = (
            end == len(places)
            or places[end][0] > places[end - 1][1]
            or best.line.masked[end] in ",.?#"
        )
        start = best.at_start and not best.missing and (apart or best.filled.known)
        sign = (
            best.filled.known
            and best.cue.match[0] in best.line.masked
            and best.line.kind(best.cue.match.start()) in {"plus", "minus"}
        )
        whole = best.cue.word and best.filled.known and not best.missing and not best.filled.aside
        return start or sign or whole

    def listed(self, best: Candidate, found: Items, cues: list[Cue]) -> Reading:
        """Several things in one line."""
        command = best.command
        said = {k: v for k, v in best.filled.slots.items() if k in _SHARED}
        counted = any(k in item for item in found.slots for k in said)
        shared = {} if found.torn or counted else said
        loose = found.leftover if len("".join(found.leftover)) > 2 * _FEW or not found.known else []
        doubt = " ".join([*loose, *found.spare, cautious(command.intent, best.line)]).strip()
        slots: dict[str, Any] = {"items": found.slots, **shared}
        reading = Reading(intent=command.intent, slots=slots, doubt=doubt)
        if not command.writes:
            return replace(reading, outcome="execute", doubt="")
        if self._doubted(best, found):
            people = wording.PEOPLE.search(best.line.text.casefold())
            slots = {"sku": _common(found.slots)} if _common(found.slots) else {}
            return Reading() if people else self.asked(Reading(slots=slots), "ask.unclear")
        if found.torn or any(command.missing({**item, **shared}) for item in found.slots):
            return self.asked(replace(reading, doubt=""), "ask.unclear")
        return self._all_sure(best, found, cues, reading)

    def _all_sure(
        self, best: Candidate, found: Items, cues: list[Cue], reading: Reading
    ) -> Reading:
        """A write on several things, each with all its slots."""
        command = best.command
        if self._turned(best, cues):
            return self.asked(reading, "ask.one_line")
        if any(self._ambiguous(command, item) for item in found.slots):
            return self.asked(reading, "ask.which", words=_said(found.slots[0]))
        weighty = command.intent in _WEIGHTY or any(command.confirms(i) for i in found.slots)
        if reading.doubt or not found.known or weighty:
            return replace(self.asked(reading, "confirm.ask"), outcome="confirm")
        return replace(reading, outcome="execute")

    def _turned(self, best: Candidate, cues: list[Cue]) -> bool:
        """Whether another thing of the list is to be done another way: 手冲壶补20，咖啡豆坏5."""
        intent = best.command.intent
        own = {cell for cue in cues if cue.command.intent == intent for cell in cue.cells()}
        others = [c for c in cues if c.command.intent in _MOVES - {intent} and intent in _MOVES]
        return any(cue.bound and cue.letters and not own & set(cue.cells()) for cue in others)

    def _doubted(self, best: Candidate, found: Items) -> bool:
        """Whether a word among several things leaves a doubt, as for a single one."""
        names = [] if found.known else [_said(item) for item in found.slots]
        said = " ".join([*found.leftover, *names]).casefold()
        doubts = (*wording.DOUBTS.values(), wording.ASIDE)
        injected = best.doubt == "injection" or best.sounds(NOT) > _HALF
        return injected or best.past_or_future or any(p.search(said) for p in doubts)

    def asked(self, reading: Reading, key: str, **values: object) -> Reading:
        """The reading as a question, in the sentence of that key."""
        question = texts.say(self.language, key, **values)
        return replace(reading, outcome="clarify", question=question)

    # Without a command word.

    def wordless(self, line: Line) -> Reading:
        """A product or an order alone is asked about; with a number it is half a command."""
        left = re.sub("[\ue000-\uf8ff]", "", line.masked)
        left = wording.FILLER.sub("", wording.ASKING.sub("", left))
        goods = line.cells("sku", "category")
        others = [t for t in line.tokens if t.kind not in {"sku", "category", "spec", "measure"}]
        if not left and len(goods) > 1 and others:  # of several things, set or added?
            items = [{"sku": dict(line.at[cell].value)} for cell in line.cells("sku")]
            return self.asked(Reading(slots={"items": items}), "ask.unclear")
        if left or len(goods) > 1:
            return self.mused(line) or self._half(line)
        if goods and not others:
            target = dict(line.at[goods[0]].value)
            command = self.commands.get("query_stock")
            if command is not None:
                return Reading(
                    outcome="execute", intent="query_stock", slots={"skus": target}, worded=False
                )
        if not goods and len(others) == 1 and others[0].kind == "order":
            return Reading(
                outcome="execute",
                intent="order_show",
                slots={"order_no": others[0].value},
                worded=False,
            )
        return self._half(line)

    def mused(self, line: Line) -> Reading | None:
        """A product, the shop's verbs and a doubt: 要不要给订书针打个折呢. Asked about."""
        goods = line.cells("sku")
        injected = wording.INJECTION.search(line.masked) is not None
        doubts = (*wording.DOUBTS.values(), wording.ASIDE)
        said = line.masked
        heard = ear().hear(said)
        if len(goods) != 1 or (heard[IGNORE] > _HALF and not injected):
            return None
        talk = wording.PEOPLE.search(said) and not wording.HEARSAY.search(said)
        doubted = wording.SHOP_TALK.search(said) and any(p.search(said) for p in doubts)
        if not injected and heard[NOT] < _HALF and (talk or not doubted):
            return None
        question = texts.say(self.language, "ask.unclear")
        slots = {"sku": dict(line.at[goods[0]].value)}
        return Reading(outcome="clarify", slots=slots, question=question)

    def _half(self, line: Line) -> Reading:
        """A product and a number, and no word that says what to do with them."""
        goods = line.cells("sku")
        numbers = line.cells(
            "int", "digits", "units", "boxes", "money", "decimal", "off", "percent"
        )
        left = re.sub("[\ue000-\uf8ff]", "", line.masked)
        left = wording.FILLER.sub("", left)
        if len(goods) != 1 or not numbers or len(left) > 4 or wording.PEOPLE.search(line.masked):
            return Reading()
        question = texts.say(self.language, "ask.unclear")
        return Reading(
            outcome="clarify", slots={"sku": dict(line.at[goods[0]].value)}, question=question
        )


def _common(items: list[dict[str, Any]]) -> dict[str, Any]:
    """What all things of a list share: their name, and the specs that are the same."""
    targets = [value for item in items for value in item.values() if isinstance(value, dict)]
    known = [t for t in targets if "name" in t]
    if not known or any(t.get("name") != known[0]["name"] for t in known if "specs" in t):
        return {}
    specs = dict(known[0].get("specs", {}))
    for other in known[1:]:
        specs = {k: v for k, v in specs.items() if other.get("specs", {}).get(k, v) == v}
    return {"name": known[0]["name"]} | ({"specs": specs} if specs else {})


def _weight(words: list[str]) -> int:
    """Letters, two Latin ones for each character."""
    return sum((len(word) + 1) // 2 if word.isascii() else len(word) for word in words)


def _people(words: str) -> bool:
    """Whether the words speak to or of people of the shop; customers are none."""
    return wording.PEOPLE.search(wording.CUSTOMER.sub("", words)) is not None


def _said(slots: Mapping[str, Any]) -> str:
    target: Mapping[str, Any] = next((v for key, v in slots.items() if key in TARGETS), {})
    return " ".join(
        [str(target.get("code") or target.get("name", "")), *target.get("specs", {}).values()]
    )


def _spread(line: Line) -> str:
    """Several values of one spec, or a row of sizes: a new product of which nobody said which."""
    row = _ROW.search(line.text)
    if row is not None:
        return row[0]
    seen: dict[str, str] = {}
    for cell in line.cells("spec", "measure"):
        key, value = line.at[cell].value
        if seen.setdefault(key, value) != value:
            return f"{seen[key]} {value}"
    return ""
