"""docs/feishu.md and docs/wecom.md, the steps of a new shop and the settings say the same."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from bot.settings import Settings, load
from bot.settings.kinds import Section
from webhooks.shell.scaffold import PLATFORM_SECRETS, NewShop, make

DOCS = Path(__file__).parents[2] / "docs"
PLATFORMS = ("feishu", "wecom")
SCOPE = re.compile(r"\bim:[a-z_]+(?:[.:][a-z0-9_]+)*")
EVENT = re.compile(r"\bim\.[a-z_.]+_v\d\b|\bcard\.action\.trigger\b")
SECRET_FILE = re.compile(r"\bsecrets/[a-z_]+")
ROUTE = re.compile(r"/webhooks/[a-z/]+")
KEY = re.compile(r"`((?:" + "|".join(Settings.model_fields) + r")\.[a-z_.\[\]]+)(?::[^`]*)?`")
NEEDED = {
    "im:message.p2p_msg:readonly",
    "im:message.group_at_msg:readonly",
    "im:message.group_msg",
    "im:message:send_as_bot",
    "im:resource",
}


@pytest.fixture
def steps(tmp_path: Path) -> dict[str, str]:
    """The STEPS.md of a new shop, by platform."""
    texts = {}
    for platform in PLATFORMS:
        shop = NewShop(tmp_path / platform, "茶馆", (platform,), 5)
        make(shop, force=False, git=False)
        texts[platform] = (shop.folder / "STEPS.md").read_text(encoding="utf-8")
    return texts


def page(platform: str) -> str:
    return (DOCS / f"{platform}.md").read_text(encoding="utf-8")


def named(text: str, pattern: re.Pattern[str]) -> set[str]:
    return set(pattern.findall(text))


def keys(section: type[Section], prefix: str = "") -> Iterator[str]:
    """Every key there is, with dots; ``[]`` stands for any entry of a list."""
    for name, field in section.model_fields.items():
        kind: Any = field.annotation
        listed = (get_args(kind) or (None,))[0]
        yield f"{prefix}{name}"
        if kind is SecretStr:
            yield f"{prefix}{name}_file"
        for inner, mark in ((kind, ""), (listed, "[]")):
            if isinstance(inner, type) and issubclass(inner, Section):
                yield from keys(inner, f"{prefix}{name}{mark}.")


def ours(text: str, platform: str) -> set[str]:
    return {key for key in named(text, KEY) if key.startswith(f"{platform}.")}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("pattern", [SCOPE, EVENT, SECRET_FILE, ROUTE], ids=lambda p: p.pattern)
def test_the_steps_and_the_page_name_the_same(
    platform: str, pattern: re.Pattern[str], steps: dict[str, str]
) -> None:
    assert named(steps[platform], pattern) == named(page(platform), pattern)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_steps_and_the_page_name_the_same_settings(
    platform: str, steps: dict[str, str]
) -> None:
    assert ours(page(platform), platform) == ours(steps[platform], platform) != set()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_setting_that_is_named_exists(platform: str, steps: dict[str, str]) -> None:
    there = set(keys(Settings))
    assert named(page(platform), KEY) - there == set()
    assert named(steps[platform], KEY) - there == set()


def test_every_scope_and_event_is_named() -> None:
    assert named(page("feishu"), SCOPE) >= NEEDED
    assert named(page("feishu"), EVENT) == {
        "im.message.receive_v1",
        "im.chat.member.bot.added_v1",
        "im.chat.member.bot.deleted_v1",
        "card.action.trigger",
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_secret_file_that_is_made_is_explained(platform: str) -> None:
    made = {f"secrets/{name}" for name in PLATFORM_SECRETS[platform]}
    assert named(page(platform), SECRET_FILE) == made


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_secret_setting_of_a_platform_has_its_file(platform: str, tmp_path: Path) -> None:
    """A canary in each file comes out at the setting of its name, and no secret has no file."""
    shop = NewShop(tmp_path / platform, "茶馆", (platform,), 5)
    make(shop, force=False, git=False)
    for name in PLATFORM_SECRETS[platform]:
        (shop.folder / "secrets" / name).write_text(_canary(name))
    settings = load(shop.folder / "config.yaml", _switched_off())
    found = dict(_secrets(getattr(settings, platform), platform))
    assert found == {
        key: _canary(key.replace(".robots[]", "_robot").replace(".", "_")) for key in found
    }


def _canary(name: str) -> str:
    if name.endswith("webhook"):
        return f"https://example.com/{name}"
    if name.endswith("aes_key"):  # of the one shape it may have
        return name.replace("_", "").ljust(43, "0")
    return f"canary {name}"


def _switched_off() -> dict[str, str]:
    # A token alone switches the robot on, which then wants its other half.
    return {"ZHANGGUI__WECOM__AIBOT__MODE": "callback"}


def _secrets(section: Section, prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in section:
        if isinstance(value, SecretStr):
            yield f"{prefix}.{name}", value.get_secret_value()
        elif isinstance(value, Section):
            yield from _secrets(value, f"{prefix}.{name}")
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            yield from _secrets(value[0], f"{prefix}.{name}[]")


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        ("feishu", ("咖啡豆+50", "200340", "版本管理与发布", "可用范围", "长连接", "doctor")),
        ("wecom", ("@掌柜 咖啡豆+50", "93000", "20 条", "长连接", "webhook", "doctor")),
    ],
)
def test_the_pages_say_what_surprises_people(platform: str, words: tuple[str, ...]) -> None:
    text = page(platform)
    assert [word for word in words if word not in text] == []
    assert "shop.public_url" in text
