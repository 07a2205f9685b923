"""What a message says to the speaker's running count: a line, a number, on, back, enough."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import texts
from bot.dispatcher import cards, categories, counted_words, resolving
from bot.dispatcher.asking import Pending, Person
from bot.dispatcher.running import Runner
from bot.messages import Button, Message, Reply
from bot.understanding import Catalogue, Reading, answer, lexer, questions, read
from bot.understanding.answers import tallied
from bot.understanding.normalise import normalise
from bot.understanding.reading import UNKNOWN
from bot.understanding.shapes import Bad
from bot.understanding.tokens import VALUES, Line, pattern
from store import counts, journal, skus
from store.counts import Noted, Place, Round
from store.db import Tx
from store.skus import SkuView

_START, _COUNT, _END = "stocktake_start", "stocktake", "stocktake_end"
_WORD = "盘点"  # what a bare product and number is taken for while somebody counts
# A count of one kind of goods, or of all, without a number.
_WORDS = re.compile("盘|清点|count|stocktake", re.IGNORECASE)
_KIND = pattern(
    r"(?:(?:盘点|清点|盘)(?:开始|一下)?|开始盘点|(?:start )?(?:count|stocktake) ?)"
    r"(?:{category}|{all}|{sku})(?:类|分类|商品)*"
    r"|(?:{category}|{all})(?:类|商品)*(?:盘点|清点|盘)(?:一下)?"
)
# Words and a number behind them: 挂耳原味 10.
_NUMBERED = pattern(r"(?P<goods>.+?)[,=]?(?:有|还有|剩)?(?P<n>{n})[了的]*")
# A kind of goods that nobody knows by that name: 盘点 宠物.
_KIND_SAID = re.compile(
    r"(?:开始)?(?:盘点|清点|盘(?!点))(?:开始|一下)?[ ,:]*"
    r"(?P<kind>[^\d\s,]{1,20}?)(?:类|分类)?(?:的?商品)?"
    r"|(?:start )?(?:count|stocktake) (?P<said>[a-z][a-z' -]{0,30})",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?？吗呢么]")
_MOST_GOODS = 10  # that an answer offers
_MOST_SAID = 40  # characters that are said back


@dataclass(frozen=True, slots=True)
class Counting:
    """The running count of whoever said the message, in its chat; ``now`` is shop-local."""

    tx: Tx
    message: Message
    runner: Runner
    catalogue: Catalogue
    person: Person
    now: datetime

    @property
    def place(self) -> Place:
        """Whose count, and where."""
        return Place(self.message.platform, self.message.chat_id, self.message.user_id)

    def stepped(self) -> Reply | None:
        """What comes of 跳过, 上一个, 暂停, 继续, 结束 and an answer to how many are there.

        None when it is none, or nothing is counted. They come before everything else: a yes or an
        undo may sound like them, 没有 like a question and 暂停 like the shop's end.
        """
        if counts.running(self.tx, self.place) is None:
            return None
        step = counted_words.step(self._said, spoken_to=self._addressed)
        tallies = not step and self._round.asked and self._addressed
        return self._tallied() if tallies else self._led_by(step)

    def _led_by(self, step: str) -> Reply | None:
        going = self._round
        match step:
            case "enough":
                return self._performed(_END, {})
            case "drop":
                return self.dropped()
            case "pause" if not going.paused:
                return self._paused()
            case "resume" if going.paused or not self._questioned:
                return self._resumed()
            case "back" | "skip" if going.codes and not going.paused and self._steps(step):
                return self._asked_next({"step": step})
        return None

    def dropped(self) -> Reply:
        """End the count and book nothing of it."""
        self.runner.asking.close(self.person.user_id)
        number = counts.end(self.tx, self.place) or 0
        return Reply(text=self._say("count.dropped", number=number), intent="dismiss")

    def _steps(self, step: str) -> bool:
        """Whether the word is the count's: 不知道 may answer another question that is open."""
        plain = counted_words.step(self._said, spoken_to=False) == step
        return plain or not self._questioned

    def _tallied(self) -> Reply | None:
        """What comes of 还有20个 and 没了, which sound like other things, and of a plain number."""
        if self._questioned:
            return None
        slot = self.runner.room.commands[_COUNT].parameter("quantity").slot
        return self._counted(tallied(self.message.text, slot, self.catalogue, self.now))

    def _paused(self) -> Reply:
        """Keep the count as it is, and say how it goes on."""
        refusal = self.runner.refusal(self.runner.room.commands[_START], self.person)
        if refusal is not None:
            return refusal
        self.runner.asking.close(self.person.user_id)
        counts.pause(self.tx, self.place)
        number = len(counts.running(self.tx, self.place) or {})
        hours = counts.WAITS_FOR // timedelta(hours=1)
        go_on, end = self._say("word.resume"), self._say("word.finish")
        text = self._say("count.paused", number=number, hours=hours)
        buttons = (Button(go_on, go_on), Button(end, end))
        return Reply(self._say("title.paused"), text=text, buttons=buttons, intent=_START)

    def _resumed(self) -> Reply:
        """Go on: what is asked for next, or how many there are."""
        return self._asked_next({}) if self._round.codes else self._performed(_START, {})

    def numbered(self) -> Reply | None:
        """What comes of a bare number: the count of the SKU that is asked for.

        Where the bot was not spoken to nothing stands beside it: 哈哈5 counts nothing.
        """
        asked = self._round.asked
        alone = self._addressed or all(mark in VALUES for mark in self._line.masked)
        if not asked or not alone or _ASKS.search(self.message.text):
            return None
        command = self.runner.room.commands[_COUNT]
        return self._counted(
            answer(self.message.text, command, "quantity", self.catalogue, self.now)
        )

    def _counted(self, value: int | Bad | None) -> Reply | None:
        """The SKU that is asked for counted so, or what keeps the value from being a number."""
        if value is None:
            return None
        if not isinstance(value, Bad):
            return self._performed(_COUNT, {"sku": {"code": self._round.asked}, "quantity": value})
        command = self.runner.room.commands[_COUNT]
        slot = command.parameter("quantity").slot
        text = questions.complaint(self.runner.language, slot, value)
        reply = Reply(text=f"{text}\n{self._say('count.else')}", outcome="clarify")
        return cards.marked(reply, command, error="invalid_request")

    def taken_back(self) -> Reply | None:
        """What comes of an undo: the last number of this count goes, where nothing came after it.

        None where something else is meant: a card that is pointed at, or a later change.
        """
        since = counts.newest(self.tx, self.place)
        pointed = self.message.press is not None or self.message.handle.get("parent_id")
        if since is None or pointed or self._round.paused or self._questioned_otherwise:
            return None
        written = journal.last_at(self.tx, self.message.actor)
        if written is not None and written > since:
            return None
        self.runner.asking.close(self.person.user_id)
        taken = counts.take_back(self.tx, self.place)
        if not taken:
            return Reply(text=self._say("count.no_back"), intent=_COUNT) if written else None
        text = "\n".join(self._back(noted) for noted in taken)
        if self._round.asked:
            return self._below(text, self._asked_next({}))
        return Reply(self._say("title.counting"), text=text, intent=_COUNT)

    def _back(self, noted: Noted) -> str:
        """What became of one line that was taken back."""
        found = skus.resolve(self.tx, noted.code)
        name = found[0].title if found else noted.code
        key = "count.back" if noted.before is None else "count.back_to"
        return self._say(key, product=name, counted=noted.counted, before=noted.before)

    def named(self, reading: Reading) -> Reply | None:
        """What comes of words and a number that name goods only together: 挂耳原味 10.

        While somebody counts nothing else can be meant by them, unless a word says so.
        """
        words = normalise(self.message.text)
        unsaid = not reading.worded or reading.intent == UNKNOWN
        if not unsaid or "\n" in words or _ASKS.search(words) or not self._goes_on:
            return None
        line = self._line
        match = _NUMBERED.fullmatch(line.masked)
        number = line.at[match.start("n")] if match else None
        others = line.cells("money", "off", "percent", "units", "boxes", "int", "digits", "about")
        if match is None or number is None or others != [match.start("n")]:
            return None
        found = self._goods(line.words(*match.span("goods")), line)
        if not self._addressed and len(found) != 1:
            return None
        slot = self.runner.room.commands[_COUNT].parameter("quantity").slot
        value = tallied(line.words(*match.span("n")), slot, self.catalogue, self.now)
        return self._counted_of(line.words(*match.span("goods")).strip(" ,="), found, value)

    def _counted_of(
        self, words: str, found: list[SkuView], value: int | Bad | None
    ) -> Reply | None:
        """The one of the goods counted so; asked about where there are several, or none."""
        if not isinstance(value, int):
            return self._counted(value)
        if len(found) == 1:
            return self._performed(_COUNT, {"sku": {"code": found[0].code}, "quantity": value})
        if not found:
            return self._performed(_COUNT, {"sku": {"name": words}, "quantity": value})
        command = self.runner.room.commands[_COUNT]
        pending = Pending(command, {"quantity": value}, said_at=self.message.sent_at)
        options = tuple((sku.title, sku.code) for sku in found[:_MOST_GOODS])
        question = self._say("ask.which", words=words)
        asked = self.runner.asking.one_of(pending, self.person, "sku", question, options)
        return cards.marked(asked, command)

    def _goods(self, words: str, line: Line) -> list[SkuView]:
        """The SKUs that all of the words are found in, a category's name apart from a spec's."""
        if found := skus.resolve(self.tx, words):
            return found
        apart = words
        for token in line.tokens:
            if token.kind in {"sku", "category", "spec"}:
                said = line.text[token.start : token.end]
                apart = apart.replace(said, f" {said} ", 1)
        return skus.find(self.tx, apart, status="on_sale", most=_MOST_GOODS)

    def kind(self, reading: Reading) -> Reply | None:
        """What comes of 盘点 茶 where a category is only called like it, and of 盘点 宠物."""
        match = _KIND_SAID.fullmatch(normalise(self.message.text))
        half = reading.intent == _COUNT and "quantity" in reading.missing
        meant = self._addressed or reading.summons
        if match is None or not half or not meant or "items" in reading.slots:
            return None
        words = match["kind"] or match["said"]
        if skus.resolve(self.tx, words):
            return None
        refusal = self.runner.refusal(self.runner.room.commands[_START], self.person)
        return refusal or self._of_kind(words)

    def _of_kind(self, words: str) -> Reply | None:
        """The count of the only category that is called like it, else the categories there are."""
        paths = skus.categories(self.tx)
        alike = categories.alike(paths, words)
        if len(alike) == 1:
            return self._performed(_START, {"skus": {"category": alike[0]}})
        if not alike and skus.find(self.tx, words, most=1):
            return None  # goods are called so, in part
        if not paths and not skus.listed(self.tx, most=1):
            return Reply(text=self._say("stock.empty"), intent=_START, outcome="clarify")
        all_ = self._say("word.count_all")
        names = alike or categories.outermost(paths)
        said = [self._say("word.count_kind", kind=name) for name in names[:_MOST_GOODS]]
        buttons = (*map(Button, names, said), Button(all_, all_))
        key = "count.which_kind" if alike else "count.no_kind"
        text = self._say(key, words=words)
        return Reply(text=text, buttons=buttons, intent=_START, outcome="clarify")

    def unheard(self) -> Reply | None:
        """What was not understood of somebody who is asked how many: the question once more."""
        if not self._round.asked or not self._addressed or self._questioned:
            return None
        words = self._said[:_MOST_SAID]
        text = f"{self._say('ask.odd', words=words)}\n{self._say('count.else')}"
        return self._below(text, self._asked_next({}))

    def taken(self, reading: Reading) -> Reading:
        """The reading, or the one that counts bare products and numbers, or a kind of goods."""
        led = self._led() if _WORDS.search(self.message.text) else None
        if led is not None:
            return led
        signed = self._line.cells("plus", "minus")  # 手冲壶+15 restocks, whatever is being counted
        if not self._goes_on or signed or _ASKS.search(self.message.text):
            return reading
        wordless = self.wordless()
        unknown = reading.outcome in {"clarify", "ignore"} and reading.intent == UNKNOWN
        if not wordless and not (self._addressed and (unknown or not reading.worded)):
            return reading
        gap = "\n" if "\n" in self.message.text else " "
        count = self._reading(f"{_WORD}{gap}{self.message.text}")
        whole = count.outcome in {"execute", "confirm"} or count.ambiguous
        counted = count.intent == _COUNT and whole and not count.lost
        return replace(count, summons=True) if counted else reading

    def wordless(self) -> bool:
        """Whether there are products and numbers and no word at all that says a command."""
        line = self._line
        signs = line.cells("plus", "minus", "money", "off", "percent", "order", "tracking")
        plain = all(mark in VALUES or mark in ",. " for mark in line.masked)
        return plain and not signs and bool(line.cells("sku"))

    def went_on(self, reply: Reply) -> Reply:
        """The reply, and after a line was noted what is asked for next, or the end's card."""
        noted = (reply.intent, reply.outcome, reply.error) == (_COUNT, "execute", None)
        if not noted or not self._round.codes:
            return reply
        following = self._asked_next({})
        said = (f"{reply.title} {reply.fields[0][1]}" if reply.fields else "", reply.text)
        following = self._below("\n".join(part for part in said if part), following)
        return replace(following, table=following.table or reply.table)

    def _below(self, said: str, reply: Reply) -> Reply:
        """The reply with something said above its words."""
        return replace(reply, text="\n".join(part for part in (said, reply.text) if part))

    def _led(self) -> Reading | None:
        """盘点 咖啡 and 盘点全部: a count that asks for one after the other."""
        line = self._line
        if not _KIND.fullmatch(line.masked):
            return None
        cell = line.cells("category", "all", "sku")[0]
        target = {"all": True} if line.kind(cell) == "all" else dict(line.at[cell].value)
        if line.kind(cell) == "sku":
            alike = skus.resolve(self.tx, resolving.words(target))
            if not alike[1:]:
                return None  # one alone: its number is asked for
        return Reading(outcome="execute", intent=_START, slots={"skus": target})

    @property
    def _line(self) -> Line:
        words = normalise(self.message.text).replace("\n", ",")
        return lexer.line(words, self.catalogue, self.now)

    def _asked_next(self, slots: dict[str, object]) -> Reply:
        """What is asked for next, or when that was all the card of the end."""
        reply = self._performed(_START, slots)
        return reply if reply.error or self._round.asked else self._performed(_END, {})

    @property
    def _addressed(self) -> bool:
        return self.message.addressed or self.message.chat_kind == "direct"

    @property
    def _goes_on(self) -> bool:
        """Whether a count runs and is not paused."""
        open_ = counts.running(self.tx, self.place) is not None
        return open_ and not self._round.paused

    @property
    def _questioned(self) -> bool:
        """Whether the person has an open question beside the count."""
        return self.runner.asking.current(self.person.user_id) is not None

    @property
    def _questioned_otherwise(self) -> bool:
        """Whether that is about something else than this count."""
        asked = self.runner.asking.current(self.person.user_id)
        return asked is not None and asked.command["intent"] not in {_COUNT, _END}

    def _say(self, key: str, **values: object) -> str:
        return texts.say(self.runner.language, key, **values)

    @property
    def _said(self) -> str:
        return " ".join(texts.visible(self.message.text).split())

    @property
    def _round(self) -> Round:
        return counts.round_(self.tx, self.place)

    def _performed(self, intent: str, slots: dict[str, object]) -> Reply:
        command = self.runner.room.commands[intent]
        refusal = self.runner.refusal(command, self.person)
        if refusal is not None:
            return refusal
        self.runner.asking.close(self.person.user_id)
        pending = Pending(command, slots, said_at=self.message.sent_at)
        return self.runner.perform(pending, self.person)

    def _reading(self, text: str) -> Reading:
        commands, language = self.runner.room.commands, self.runner.language
        return read(text, self.catalogue, commands=commands, language=language, now=self.now)
