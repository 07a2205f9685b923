"""What a message says to the speaker's running count: a line, a number, on, back, enough."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot import texts
from bot.dispatcher import cards, resolving
from bot.dispatcher.asking import Pending, Person
from bot.dispatcher.running import Runner
from bot.messages import Message, Reply
from bot.understanding import Catalogue, Reading, answer, lexer, questions, read
from bot.understanding.normalise import normalise
from bot.understanding.shapes import Bad
from bot.understanding.tokens import VALUES, Line, pattern
from store import counts, skus
from store.counts import Place, Round
from store.db import Tx

_START, _COUNT, _END = "stocktake_start", "stocktake", "stocktake_end"
_WORD = "盘点"  # what a bare product and number is taken for while somebody counts
_STEPS = {
    **dict.fromkeys(("跳过", "跳", "下一个", "skip", "next"), "skip"),
    **dict.fromkeys(("上一个", "上一项", "back", "previous"), "back"),
}
# A count of one kind of goods, or of all, without a number.
_WORDS = re.compile("盘|清点|count|stocktake", re.IGNORECASE)
_KIND = pattern(
    r"(?:(?:盘点|清点|盘)(?:开始|一下)?|开始盘点|(?:start )?(?:count|stocktake) ?)"
    r"(?:{category}|{all}|{sku})(?:类|分类|商品)*"
    r"|(?:{category}|{all})(?:类|商品)*(?:盘点|清点|盘)(?:一下)?"
)
_ENOUGH = frozenset({"结束", "完成", "数完了", "盘完了", "done", "finish", "finished"})


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
        """What comes of 跳过, 上一个 and 结束; None when it is none, or nothing is counted.

        They come before everything else: a yes or an undo may sound like them.
        """
        word = self._said.casefold()
        if word not in _STEPS and word not in _ENOUGH:
            return None
        if counts.running(self.tx, self.place) is None:
            return None
        if word in _ENOUGH:
            return self._performed(_END, {})
        if not self._round.codes:
            return None
        return self._asked_next({"step": _STEPS[word]})

    def numbered(self) -> Reply | None:
        """What comes of a bare number: the count of the SKU that is asked for."""
        asked = self._round.asked
        if not asked:
            return None
        command = self.runner.room.commands[_COUNT]
        value = answer(self.message.text, command, "quantity", self.catalogue, self.now)
        if value is None:
            return None
        if isinstance(value, Bad):
            slot = command.parameter("quantity").slot
            text = questions.complaint(self.runner.language, slot, value)
            reply = Reply(text=text, outcome="clarify")
            return cards.marked(reply, command, error="invalid_request")
        return self._performed(_COUNT, {"sku": {"code": asked}, "quantity": value})

    def taken(self, reading: Reading) -> Reading:
        """The reading, or the one that counts bare products and numbers, or a kind of goods."""
        led = self._led() if _WORDS.search(self.message.text) else None
        if led is not None:
            return led
        if counts.running(self.tx, self.place) is None:
            return reading
        unknown = reading.outcome in {"clarify", "ignore"} and reading.intent == "unknown"
        if not unknown and not self.wordless():
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
        text = "\n".join(part for part in (*said, following.text) if part)
        return replace(following, text=text, table=following.table or reply.table)

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
