"""Letters: in pieces, of uncertain arrival, to dead chats and platforms, and changed since."""

from collections.abc import Callable
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from bot import delivery
from bot.broadcasts import Composer
from bot.delivery import Sender
from bot.lease import Leadership
from bot.messages import Reply
from bot.pacing import Pacing
from bot.platforms.base import EditError, Letter, Line, SendError
from bot.registry import COMMANDS
from store import attachments, cards, chats, members, orders, outbox
from store.db import Database, Tx
from store.models import Chat, Outbox
from tests.fakes.clock import FakeClock
from tests.fakes.platform import FakePlatform
from tests.shop import VAULT, fill, place

ZONE = ZoneInfo("Asia/Shanghai")


class Rig:
    """A sender with the shop's own composer and a fake platform."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.platform = FakePlatform(editable=True)
        composer = Composer(
            vault=VAULT,
            zone=ZONE,
            commands=COMMANDS,
            direct=lambda name, user: user if name == "fake" else "",
        )
        self.leadership = Leadership(db, owner="a")
        self.leadership.turn()
        self.sender = Sender(
            db,
            self.leadership,
            platforms={"fake": self.platform},
            compose=composer.compose,
            announce_dead=composer.announce_dead,
        )

    def post(self, text: str, chat: str = "g", *, kind: str = "reply", **payload: object) -> None:
        reply = Reply(text=text, **payload)  # type: ignore[arg-type]  # fields of a reply
        self.db.run(
            lambda tx: outbox.post(
                tx,
                target=f"fake:{chat}",
                topic=kind,
                kind=kind,
                key=text[:40],
                payload={"reply": reply.to_json(), "buttons": reply.commands},
            )
        )

    def turn(self) -> None:
        for parcel in self.db.run(lambda tx: outbox.claim(tx, sender="a")):
            self.sender.deliver(parcel)

    def due(self) -> None:
        """Everything that waits is due."""

        def now(tx: Tx) -> None:
            for row in tx.exec(select(Outbox).where(Outbox.state == "pending")).all():
                row.next_attempt_at = outbox.AT_ONCE
                tx.add(row)

        self.db.run(now)

    def rows(self) -> list[tuple[str, str]]:
        """``(target, state)`` of every row."""
        statement = select(Outbox.target, Outbox.state).order_by(col(Outbox.id))
        return list(self.db.read(lambda tx: tx.exec(statement).all()))


@pytest.fixture
def rig(db: Database) -> Rig:
    return Rig(db)


def failing(*errors: Exception | None) -> Callable[[str, Reply], None]:
    """Raises these, one a call; then nothing."""
    left = list(errors)

    def before(_chat: str, _reply: Reply) -> None:
        error = left.pop(0) if left else None
        if error is not None:
            raise error

    return before


def test_a_letter_in_pieces_goes_on_where_it_was_cut_off(rig: Rig) -> None:
    rig.platform.before = failing(None, None, SendError("lost", retry_after_s=0))
    rig.post("a\fb\fc\fd")
    rig.turn()
    assert [key[-2:] for _, _, key in rig.platform.said] == [".0", ".1"]
    rig.due()
    rig.turn()
    assert [key[-2:] for _, _, key in rig.platform.said] == [".0", ".1", ".2", ".3"]
    assert rig.rows() == [("fake:g", "sent")]


def test_pieces_keep_to_the_pace_of_their_chat(rig: Rig) -> None:
    rig.platform.lines["g"] = Line("slow", burst=2, interval_s=60)
    rig.post("a\fb\fc")
    rig.turn()
    assert len(rig.platform.said) == 2
    assert rig.rows() == [("fake:g", "pending")]
    waits = rig.db.read(outbox.next_due_s)
    assert waits is not None
    assert waits > 50


def test_what_may_have_arrived_is_sent_again_with_the_same_key_and_says_so(rig: Rig) -> None:
    rig.platform.before = failing(SendError("no answer", unreachable=True, uncertain=True))
    rig.post("hello")
    rig.turn()
    rig.due()
    rig.turn()
    (letter,) = rig.platform.letters
    assert letter.again
    row = rig.db.read(lambda tx: tx.exec(select(Outbox.unsure)).one())
    assert row is False  # it has arrived by now


def test_what_was_refused_is_sent_again_without_a_doubt(rig: Rig) -> None:
    rig.platform.before = failing(SendError("busy", retry_after_s=0))
    rig.post("hello")
    rig.turn()
    rig.due()
    rig.turn()
    assert [letter.again for letter in rig.platform.letters] == [False]


def test_a_sender_that_died_in_the_middle_leaves_a_doubt(rig: Rig) -> None:
    rig.post("hello")
    rig.db.run(lambda tx: outbox.claim(tx, sender="dead"))
    rig.db.run(lambda tx: outbox.free_claims(tx, but="a"))
    rig.turn()
    assert [letter.again for letter in rig.platform.letters] == [True]


def test_a_chat_that_is_gone_is_switched_off_and_the_owner_hears_of_it_elsewhere(
    rig: Rig,
) -> None:
    def prepare(tx: Tx) -> None:
        for chat in ("g", "h"):
            chats.bind(tx, platform="fake", chat_id=chat, kind="group", name=f"群{chat}")
        members.set_role(tx, platform="fake", user_id="boss", role="owner")

    rig.db.run(prepare)

    def gone(chat: str, _: Reply) -> None:
        if chat == "g":
            raise SendError("93000", gone=True)

    rig.platform.before = gone
    for text in ("one", "two", "three"):
        rig.post(text, kind="notice2")
    rig.turn()
    rig.turn()
    assert [state for target, state in rig.rows() if target == "fake:g"] == ["dead"] * 3
    heard = {chat: reply for chat, reply, _ in rig.platform.said}
    assert heard.keys() == {"h", "boss"}
    assert "群g" in heard["boss"].text
    assert "93000" in heard["boss"].text

    def publish(tx: Tx) -> int:
        return outbox.publish(tx, topic="orders", kind="order_new", key="k", payload={})

    assert rig.db.run(publish) == 1  # only the chat that still hears


def test_a_chat_where_somebody_speaks_again_is_spoken_to_again(rig: Rig) -> None:
    def work(tx: Tx) -> str:
        chats.bind(tx, platform="fake", chat_id="g", kind="group")
        assert chats.disable(tx, platform="fake", chat_id="g", reason="93000")
        chats.arrive(tx, platform="fake", chat_id="g", name="新名")
        return tx.exec(select(Chat.disabled)).one()

    assert rig.db.run(work) == ""


def test_a_platform_that_is_away_for_hours_costs_no_message(rig: Rig, clock: FakeClock) -> None:
    rig.platform.before = failing(
        *[SendError("cannot connect", unreachable=True) for _ in range(outbox.MAX_ATTEMPTS + 4)]
    )
    rig.post("hello")
    for _ in range(outbox.MAX_ATTEMPTS + 3):
        rig.due()
        for parcel in rig.db.run(lambda tx: outbox.claim(tx, sender="a")):
            rig.sender.pacing = Pacing(rig.sender._line)  # noqa: SLF001  (its probe is due)
            rig.sender.deliver(parcel)
    assert rig.rows() == [("fake:g", "pending")]
    clock.advance(days=1, seconds=1)
    rig.due()
    rig.sender.pacing = Pacing(rig.sender._line)  # noqa: SLF001  (the same)
    rig.turn()
    assert rig.rows()[0] == ("fake:g", "dead")


def test_a_row_that_is_always_refused_dies_and_the_next_one_goes_out(rig: Rig) -> None:
    def poison(_: str, reply: Reply) -> None:
        if reply.text == "poison":
            raise SendError("malformed", retry_after_s=0)

    rig.platform.before = poison
    rig.post("poison")
    rig.post("fine")
    for _ in range(outbox.MAX_ATTEMPTS + 1):
        rig.due()
        rig.turn()
    assert rig.rows()[:2] == [("fake:g", "dead"), ("fake:g", "sent")]
    assert rig.platform.texts("g") == ["fine"]


def test_a_card_that_changed_while_it_was_being_sent_is_changed_again(rig: Rig) -> None:
    rig.post("v1")
    (parcel,) = rig.db.run(lambda tx: outbox.claim(tx, sender="a"))
    rig.db.run(lambda tx: cards.refresh(tx, "v1"))  # in between
    rig.sender.deliver(parcel)
    assert rig.rows() == [("fake:g", "pending")]
    rig.turn()
    assert rig.rows() == [("fake:g", "sent")]
    assert len(rig.platform.said) == 1
    assert len(rig.platform.edited) == 1


def test_a_card_nobody_can_change_any_more_stays_as_it_is(rig: Rig) -> None:
    rig.post("v1")
    rig.turn()
    rig.platform.editable = False
    rig.db.run(lambda tx: cards.refresh(tx, "v1"))
    rig.turn()
    assert rig.rows() == [("fake:g", "sent")]
    assert len(rig.platform.said) == 1
    rig.db.run(lambda tx: cards.refresh(tx, "v1"))
    rig.turn()
    assert rig.rows() == [("fake:g", "sent")]


def test_a_failed_change_is_tried_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.post("v1")
    rig.turn()
    rig.db.run(lambda tx: cards.refresh(tx, "v1"))
    edit, calls = rig.platform.edit, []

    def once(letter: Letter, ref: str) -> str:
        calls.append(ref)
        if len(calls) == 1:
            raise SendError("busy", retry_after_s=0)
        if len(calls) > 2:
            raise EditError(ref)
        return edit(letter, ref)

    monkeypatch.setattr(rig.platform, "edit", once)
    rig.turn()
    rig.due()
    rig.turn()
    assert len(rig.platform.edited) == 1


def test_a_file_goes_with_its_reply(rig: Rig) -> None:
    number = rig.db.run(
        lambda tx: attachments.keep(tx, name="a.csv", mime="text/csv", content=b"x,y\n")
    )
    rig.post("the file", file=number)
    rig.turn()
    attachment = rig.platform.letters[0].attachment
    assert attachment is not None
    assert (attachment.name, attachment.mime, attachment.content) == ("a.csv", "text/csv", b"x,y\n")


def test_a_reader_who_comes_for_the_answer_gets_it_once_and_nothing_is_sent(db: Database) -> None:
    def post(tx: Tx) -> None:
        outbox.post(
            tx,
            target="wecom:bot/g",
            topic="reply",
            kind="reply",
            key="reply:wecom:bot:1",
            payload={"reply": Reply(text="hi").to_json()},
            wait_s=10,
        )

    def take(*, more: bool = False) -> bool:
        return db.run(
            lambda tx: outbox.take(tx, key="reply:wecom:bot:1", target="wecom:bot/g", more=more)
        )

    db.run(post)
    assert db.run(lambda tx: outbox.claim(tx, sender="a")) == []  # it waits for its reader
    assert take()
    assert take()  # who asks again hears it again
    assert db.read(outbox.backlog)[0] == 0


def test_of_a_long_answer_the_reader_gets_the_first_piece_and_the_rest_is_sent(
    db: Database,
) -> None:
    db.run(
        lambda tx: outbox.post(
            tx,
            target="wecom:bot/g",
            topic="reply",
            kind="reply",
            key="k",
            payload={"reply": Reply(text="hi").to_json()},
            wait_s=10,
        )
    )
    assert db.run(lambda tx: outbox.take(tx, key="k", target="wecom:bot/g", more=True))
    (parcel,) = db.run(lambda tx: outbox.claim(tx, sender="a"))
    assert parcel.done == 1


def test_whoever_comes_too_late_is_told_that_it_was_sent(db: Database) -> None:
    db.run(
        lambda tx: outbox.post(
            tx,
            target="wecom:bot/g",
            topic="reply",
            kind="reply",
            key="k",
            payload={"reply": Reply(text="hi").to_json()},
        )
    )
    (parcel,) = db.run(lambda tx: outbox.claim(tx, sender="a"))
    assert not db.run(lambda tx: outbox.take(tx, key="k", target="wecom:bot/g"))
    db.run(lambda tx: outbox.sent(tx, parcel=parcel, sender="a", said=Reply().to_json()))
    assert not db.run(lambda tx: outbox.take(tx, key="k", target="wecom:bot/g"))


def test_low_stock_waits_for_the_morning_and_holds_up_no_answer(
    db: Database, clock: FakeClock
) -> None:
    rig = Rig(db)
    quiet = delivery.quiet_for((time(22), time(8)), ZONE, clock)
    rig.sender = Sender(
        db,
        rig.leadership,
        platforms={"fake": rig.platform},
        compose=lambda _, parcel: Reply.from_json(parcel.payload["reply"]),
        announce_dead=lambda *_: None,
        quiet=quiet,
    )
    clock.advance(seconds=timedelta(hours=13).total_seconds())  # 23 o'clock in the shop
    db.run(
        lambda tx: outbox.post(
            tx,
            target="fake:g",
            topic="low_stock",
            kind="low_stock",
            key="low",
            payload={"reply": Reply(text="low").to_json()},
            urgent=True,
        )
    )
    rig.turn()
    db.run(
        lambda tx: outbox.post(
            tx,
            target="fake:g",
            topic="reply",
            kind="reply",
            key="answer",
            payload={"reply": Reply(text="answer").to_json()},
            urgent=True,
        )
    )
    rig.turn()
    assert rig.platform.texts("g") == ["answer"]
    assert rig.rows()[0] == ("fake:g", "pending")


def test_one_of_several_that_were_said_as_one_never_takes_the_others_words_away(
    rig: Rig, db: Database
) -> None:
    fill(db)
    db.run(lambda tx: chats.bind(tx, platform="fake", chat_id="g", kind="group"))
    numbers = [place(db, ("KFD", 1)) for _ in range(5)]

    def turn(before: Callable[[], None] = lambda: None) -> None:
        claimed = db.run(lambda tx: outbox.claim(tx, sender="a", merge_after=3))
        before()
        for parcel in claimed:
            if parcel.target == "fake:g":
                rig.sender.deliver(parcel)

    def ship(number: str) -> None:
        db.run(lambda tx: orders.ship(tx, order_no=number, actor="fake:ann"))

    turn(lambda: ship(numbers[0]))  # while it is on its way
    ship(numbers[1])
    turn()
    (letter,) = [one for one in rig.platform.letters if one.chat_id == "g"]
    assert all(number in letter.reply.text for number in numbers)
    assert rig.platform.edited == []


def test_an_old_card_that_cannot_be_changed_for_a_moment_is_changed_later(
    rig: Rig, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.post("v1")
    rig.turn()
    clock.advance(days=2)
    rig.db.run(lambda tx: cards.refresh(tx, "v1"))
    edit = rig.platform.edit

    def away(_letter: Letter, _ref: str) -> str:
        raise SendError("no answer in time", unreachable=True, uncertain=True)

    monkeypatch.setattr(rig.platform, "edit", away)
    rig.turn()
    assert rig.rows() == [("fake:g", "pending")]
    monkeypatch.setattr(rig.platform, "edit", edit)
    rig.due()
    rig.turn()
    assert rig.rows() == [("fake:g", "sent")]
    assert len(rig.platform.edited) == 1


def test_a_change_that_is_given_up_leaves_the_card_and_troubles_nobody(
    rig: Rig, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.db.run(lambda tx: chats.bind(tx, platform="fake", chat_id="h", kind="group"))
    rig.post("v1")
    rig.turn()
    rig.db.run(lambda tx: cards.refresh(tx, "v1"))

    def away(_letter: Letter, _ref: str) -> str:
        raise SendError("no answer in time", unreachable=True)

    monkeypatch.setattr(rig.platform, "edit", away)
    clock.advance(days=1, seconds=1)
    rig.turn()
    assert rig.rows() == [("fake:g", "sent")]


def test_a_chat_that_is_gone_keeps_its_cards_for_when_the_bot_comes_back(rig: Rig) -> None:
    rig.post("card")
    rig.turn()
    rig.db.run(lambda tx: cards.refresh(tx, "card"))
    rig.post("news")
    rig.db.run(lambda tx: outbox.bury(tx, "fake:g", error="removed"))
    assert rig.rows() == [("fake:g", "sent"), ("fake:g", "dead")]
    rig.db.run(lambda tx: cards.refresh(tx, "card"))
    rig.turn()
    assert len(rig.platform.edited) == 1


def answered(rig: Rig, text: str) -> None:
    """A press had this answer."""

    def press(tx: Tx) -> None:
        number = tx.exec(select(Outbox.id).where(Outbox.state != "dead")).one() or 0
        card = cards.shown(tx, number)
        assert card is not None
        reply = Reply(text=text)
        cards.replace(tx, card, answers=text, ref="", reply=reply.to_json(), buttons=reply.commands)

    rig.db.run(press)


def test_what_is_said_in_place_of_a_change_is_something_new_and_said_once(rig: Rig) -> None:
    rig.post("question")
    rig.turn()
    rig.platform.editable = False
    answered(rig, "first answer")
    rig.turn()
    first, second = rig.platform.letters
    assert (second.reply.text, second.key == first.key) == ("first answer", False)
    rig.platform.editable = True
    rig.db.run(lambda tx: cards.refresh(tx, "question"))
    rig.turn()
    assert rig.platform.texts("g") == ["question", "first answer"]


def test_the_second_answer_is_shown_although_the_first_was_still_on_its_way(rig: Rig) -> None:
    rig.post("question")
    rig.turn()
    answered(rig, "first answer")
    (parcel,) = rig.db.run(lambda tx: outbox.claim(tx, sender="a"))
    answered(rig, "second answer")
    rig.sender.deliver(parcel)
    rig.turn()
    assert [reply.text for _, reply in rig.platform.edited] == ["first answer", "second answer"]


def test_a_row_that_we_cannot_compose_holds_up_its_chat_for_seconds_only(rig: Rig) -> None:
    rig.db.run(
        lambda tx: outbox.post(
            tx, target="fake:g", topic="x", kind="nobody knows", key="poison", payload={}
        )
    )
    rig.post("fine")
    for _ in range(delivery.BUG_ATTEMPTS + 1):
        rig.due()
        rig.turn()
    assert rig.rows()[:2] == [("fake:g", "dead"), ("fake:g", "sent")]
