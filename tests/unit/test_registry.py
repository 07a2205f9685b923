"""Declarations: what fails at import, and how little a new command needs."""

import subprocess
import sys
from pathlib import Path

import pytest

import bot
from bot.commands.__main__ import document
from bot.messages import Reply, Role
from bot.registry import COMMANDS, Context, DeclarationError, Example, Registry, command
from bot.slots import Delta, Name, Query, Sku

TOY = '''
from bot.messages import Reply, Role
from bot.registry import Context, Example, command
from bot.slots import Delta


@command(
    "toy",
    words=("摇铃", "ring"),
    role=Role.VIEWER,
    help="摇铃",
    examples=(Example("摇铃 3", {"delta": 3}, reply="叮"),),
)
def ring(ctx: Context, delta: Delta) -> Reply:
    """Ring so many times."""
    return Reply(text="叮" * delta)
'''
TRY_THE_TOY = """
import sys
from bot import commands
commands.load([sys.argv[1]], "bot.commands") if sys.argv[1] in commands.__path__ else None
from bot.registry import COMMANDS
from bot.understanding import as_json, read
said = as_json(read("摇铃 3"), "")
assert (said["intent"], said["slots"], said["outcome"]) == ("toy", {"delta": 3}, "execute"), said
assert COMMANDS["toy"].handler(None, **said["slots"]).text == "叮叮叮"
"""


def test_a_new_file_is_a_new_command(tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(TOY, encoding="utf-8")
    script = f"import bot.commands; bot.commands.__path__.append({str(tmp_path)!r})\n" + TRY_THE_TOY

    root = Path(bot.__file__).parents[1]
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=root)


def test_an_intent_taken_twice_is_refused() -> None:
    registry = Registry()
    declare(registry, "one", ("甲",))

    with pytest.raises(DeclarationError, match="one"):
        declare(registry, "one", ("乙",))


def test_a_word_taken_twice_is_refused_whatever_its_case() -> None:
    registry = Registry()
    declare(registry, "one", ("add",))

    with pytest.raises(DeclarationError, match="add"):
        declare(registry, "two", ("ADD",))


def test_a_word_is_shared_only_when_both_say_so() -> None:
    registry = Registry()
    declare(registry, "one", ("上架",), shared=("上架",))

    with pytest.raises(DeclarationError):
        declare(registry, "two", ("上架",))
    declare(registry, "three", ("上架",), shared=("上架",))
    assert [c.intent for c in registry.words["上架"]] == ["one", "three"]


def test_a_command_without_an_example_is_refused() -> None:
    with pytest.raises(DeclarationError):
        declare(Registry(), "one", ("甲",), examples=())


def test_only_one_slot_may_take_the_words_that_are_left() -> None:
    def greedy(ctx: Context, name: Name, query: Query) -> Reply:
        return Reply(text=f"{ctx.role}{name}{query}")

    with pytest.raises(DeclarationError, match="greedy"):
        command(
            "greedy",
            words=("甲",),
            role=Role.NONE,
            help="",
            examples=(Example("甲"),),
            registry=Registry(),
        )(greedy)


def test_slots_come_from_the_annotations() -> None:
    def handler(ctx: Context, sku: Sku, delta: Delta | None = None) -> Reply:
        return Reply(text=f"{ctx.role}{sku}{delta}")

    registry = Registry()
    command(
        "one",
        words=("甲",),
        role=Role.NONE,
        help="",
        examples=(Example("甲"),),
        registry=registry,
    )(handler)

    assert [(p.key, p.required) for p in registry["one"].parameters] == [
        ("sku", True),
        ("delta", False),
    ]


def test_every_write_needs_at_least_a_clerk_but_claiming_the_shop() -> None:
    lowest = {c.intent: c.role for c in COMMANDS if c.writes and c.role < Role.STAFF}

    assert lowest == {"bind": Role.NONE}


def test_the_command_reference_is_the_declarations() -> None:
    page = Path(bot.__file__).parents[1] / "docs" / "commands.md"

    assert page.read_text(encoding="utf-8") == document(), "run: python -m bot.commands"


def declare(
    registry: Registry,
    intent: str,
    words: tuple[str, ...],
    *,
    shared: tuple[str, ...] = (),
    examples: tuple[Example, ...] = (Example("甲"),),
) -> None:
    def handler(ctx: Context) -> Reply:
        return Reply(text=str(ctx.role))

    command(
        intent,
        words=words,
        role=Role.NONE,
        help="",
        examples=examples,
        shared=shared,
        registry=registry,
    )(handler)
