"""What the bot says: both languages, every failure, nothing that could re-order a line."""

import re
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

import bot
import webhooks
from bot.messages import Button, Chart, Message, Reply, Table
from bot.texts import SENTENCES, explain, say, visible
from store import errors
from store.errors import PriceChange, Shortage, StoreError
from tests.fakes.clock import START

SHORT = Shortage("KFD", 6, 5)
EVERY: list[StoreError] = [
    errors.InvalidValueError("name", "length", 100),
    errors.InvalidValueError("something new", "some new rule"),
    errors.SkuNotFoundError(),
    errors.SkuNotFoundError("咖啡"),
    errors.SkuNotFoundError("咖啡", nearest=("KFD 咖啡豆",)),
    errors.AmbiguousSkuError("T恤", ("TX-B-L", "TX-H-L")),
    errors.ProductNotFoundError("咖啡"),
    errors.SkuNotForSaleError("KFD"),
    errors.InsufficientStockError(SHORT),
    errors.InsufficientStockError(SHORT, holders=("2026001033",)),
    errors.PriceChangedError(PriceChange("KFD", 100, 200)),
    errors.ShopClosedError(),
    errors.CodeTakenError("KFD"),
    errors.CodeTakenError("KFD", delisted=True),
    errors.NameTakenError("咖啡豆"),
    errors.SpecNotAllowedError("T恤", key="材质", allowed=("颜色",)),
    errors.SpecNotAllowedError("T恤", key="颜色", value="米", allowed=("白", "黑")),
    errors.SpecNotAllowedError("T恤", missing=("颜色",)),
    errors.StaleVersionError("KFD", 3),
    errors.OrderNotFoundError("1033"),
    errors.AmbiguousOrderError("1033", ("2026001033", "2027001033")),
    errors.WrongStateError("2026001033", "shipped"),
    errors.IdempotencyKeyReusedError(),
    errors.MemberNotFoundError("小王"),
    errors.LastOwnerError(),
    errors.NothingToUndoError(),
    errors.CountedTwiceError("KFD", 5, 6),
    errors.NotUndoableError("2026001033", order_no="2026001033", status="shipped"),
    errors.NotUndoableError(""),
    errors.TimedActNotFoundError(0),
    errors.TimedActNotFoundError(3),
    errors.TimedActNotFoundError(3, "cancelled"),
    errors.TimedActNotFoundError(3, "done"),
    errors.BadCodeError(),
    errors.LeaseLostError(),
    errors.BadFileError("heading", value="价格"),
    errors.BadFileError("quotes", row=3),
    errors.BadFileError("some new rule"),
    errors.BusyError(),
    errors.UnavailableError(),
]


def test_every_expected_failure_is_in_this_list() -> None:
    assert {type(error) for error in EVERY} == _subclasses(StoreError)


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_expected_failure_has_one_sentence_in_each_language(
    error: StoreError, language: str
) -> None:
    sentence = explain(error, language)

    assert sentence.endswith("。" if language == "zh" else ".")
    assert "\n" not in sentence
    assert "None" not in sentence
    spoken = sentence.replace("，", "").replace("「", "")
    assert bool(re.search(r"[\u4e00-\u9fff]", spoken)) or language == "en"


def test_a_shortage_names_the_numbers_and_the_orders_that_hold_the_rest() -> None:
    sentence = explain(errors.InsufficientStockError(SHORT, holders=("2026001033",)))

    assert sentence == "库存不够：KFD 要 6 件，可用 5 件，其余被订单 2026001033 占用。"


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_of_a_sentence_take_the_same_values(key: str) -> None:
    sentence = SENTENCES[key]

    assert sentence.zh
    assert sentence.en
    plural = {"s"} & _fields(sentence.en)  # of the number beside it
    assert _fields(sentence.zh) == _fields(sentence.en) - plural
    assert not plural or "number" in _fields(sentence.en)


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "Count of 1 SKU"), (2, "Count of 2 SKUs"), ("20+", "Count of 20+ SKUs")],
)
def test_one_is_no_plural(number: object, said: str) -> None:
    assert say("en", "title.count", number=number) == said


def test_no_sentence_is_missing_or_idle() -> None:
    folders = (Path(place) for package in (bot, webhooks) for place in package.__path__)
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in folder.rglob("*.py")
        if path.name != "sentences.py"
    )
    named = set(re.findall(r"(?<=[\"'])([a-z_]+(?:\.[a-z_]+)*)(?=[\"'])", source))
    families = set(re.findall(r"f[\"']([a-z_]+)\.\{", source))

    idle = {key for key in SENTENCES if key not in named and key.split(".")[0] not in families}
    idle = {key for key in idle if key.removesuffix(".field") not in named}
    assert idle == set()


def test_text_that_could_reorder_or_hide_a_line_is_dropped() -> None:
    assert visible("壶\u202e名\u200b\u2066x\ud800") == "壶名x?"
    assert visible("👨\u200d🌾 两\n行") == "👨\u200d🌾 两\n行"


def test_an_unknown_key_is_a_bug_not_an_empty_text() -> None:
    with pytest.raises(KeyError):
        say("zh", "no.such.key")


def test_messages_and_replies_survive_being_stored() -> None:
    reply = Reply(
        title="标题",
        text="文",
        fields=(("现有", "30 → 50"),),
        table=Table(("编码",), (("KFD",),)),
        chart=Chart("bar", ("一",), (1,)),
        buttons=(Button("撤销", "撤销", "danger"),),
        outcome="confirm",
        intent="restock",
        error="forbidden",
    )
    message = Message(
        "console", "m1", "c", "group", "u", "名", "补货", START + timedelta(seconds=1)
    )

    assert Reply.from_json(reply.to_json()) == reply
    assert Reply.from_json(Reply().to_json()) == Reply()
    assert Message.from_json(message.to_json()) == message
    assert (message.key, message.actor) == ("console:m1", "console:u")


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def _subclasses(of: type[StoreError]) -> set[type[StoreError]]:
    return {c for direct in of.__subclasses__() for c in ({direct} | _subclasses(direct))}
