"""The ear: what it was taught, and what it makes of a line."""

import gzip
import json

import pytest

from bot.understanding import lexer
from bot.understanding.ear import IGNORE, NOT, TABLE, ear
from bot.understanding.times import ANY_DAY
from tests.learning import digest, lessons
from tests.shop import dictionary


def test_the_table_was_made_of_the_lessons_that_are_there() -> None:
    with gzip.open(TABLE) as file:
        head = json.loads(file.readline())

    assert head["lessons"] == digest(lessons()), "lessons changed: ./run learn"


def test_every_command_and_no_other_has_a_place_in_it() -> None:
    from bot.registry import COMMANDS  # noqa: PLC0415  (declared by then)

    assert set(ear().labels) == {command.intent for command in COMMANDS} | {IGNORE, NOT}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("咖啡豆又来了一车 二十个", "restock"),
        ("咖啡豆+50", "restock"),
        ("手冲壶被客人打碎两个", "deduct"),
        ("where is 1033", "order_show"),
        ("大家辛苦了 早点休息", IGNORE),
        ("要不要给手冲壶打个折", NOT),
    ],
)
def test_a_line_sounds_like_what_it_means(text: str, label: str) -> None:
    heard = ear().hear(lexer.line(text, dictionary(), ANY_DAY).masked)

    assert max(heard, key=lambda known: heard[known]) == label
    assert sum(heard.values()) == pytest.approx(1)


@pytest.mark.parametrize("masked", ["", "\0", "x" * 100_000, "🎉🎉🎉"])
def test_any_line_is_heard(masked: str) -> None:
    assert sum(ear().hear(masked).values()) == pytest.approx(1)


def test_words_of_everyday_are_known_and_names_are_not() -> None:
    assert ear().knows("帮我改一下")
    assert not ear().knows("胡辣汤米线")
