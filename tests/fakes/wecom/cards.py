"""What a template card must be like (模板卡片: documents 90236, 101032; updates 94888, 101031)."""

import re
from collections.abc import Collection
from typing import Any

from tests.fakes.wecom.records import Json, RefusalError

INTERACTIVE = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})
NOTICES = frozenset({"text_notice", "news_notice"})
ALL = INTERACTIVE | NOTICES
_TASK_ID = re.compile(r"[0-9A-Za-z_@-]{1,128}")
_BAD = 40058  # no page says which code each fault has


def check(card: Any, *, kinds: Collection[str] = ALL) -> Json:
    """The card again. Raises ``RefusalError``."""
    if not isinstance(card, dict):
        raise RefusalError(44004, "template_card is empty")
    kind = card.get("card_type")
    if kind not in kinds:
        raise RefusalError(_BAD, f"card_type {kind} is not allowed here")
    _check_lists(card)
    if kind in INTERACTIVE:
        _check_interactive(card)
    else:
        _check_notice(card)
    return card


def register(card: Json, task_ids: set[str]) -> None:
    """Its task_id is used up from now on. Raises ``RefusalError`` when it was before."""
    task_id = card.get("task_id")
    if not isinstance(task_id, str):
        return
    if task_id in task_ids:
        raise RefusalError(_BAD, "task_id has been used")
    task_ids.add(task_id)


def _check_lists(card: Json) -> None:
    pairs = card.get("horizontal_content_list", [])
    if not isinstance(pairs, list) or len(pairs) > 6:
        raise RefusalError(_BAD, "horizontal_content_list has more than 6")
    for pair in pairs:
        if not isinstance(pair, dict) or not _text(pair.get("keyname")):
            raise RefusalError(_BAD, "horizontal_content_list without keyname")
    task_id = card.get("task_id")
    if task_id is not None and not (isinstance(task_id, str) and _TASK_ID.fullmatch(task_id)):
        raise RefusalError(_BAD, "task_id is malformed")
    if "action_menu" in card and task_id is None:
        raise RefusalError(_BAD, "action_menu needs a task_id")


def _check_interactive(card: Json) -> None:
    if not _text(_part(card, "main_title").get("title")):
        raise RefusalError(_BAD, "main_title.title is missing")
    if card.get("task_id") is None:
        raise RefusalError(_BAD, "task_id is missing")
    if card["card_type"] == "button_interaction":
        _check_buttons(card.get("button_list"))
    elif not _text(_part(card, "submit_button").get("key")):
        raise RefusalError(_BAD, "submit_button is missing")


def _check_buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 6:
        raise RefusalError(_BAD, "button_list must have 1 to 6 buttons")
    keys = [_check_button(button) for button in buttons]
    if len(set(keys)) < len(keys):
        raise RefusalError(_BAD, "button keys must differ")


def _check_button(button: Any) -> str:
    if not isinstance(button, dict) or not _text(button.get("text")):
        raise RefusalError(_BAD, "button without text")
    if button.get("style", 1) not in {1, 2, 3, 4}:
        raise RefusalError(_BAD, "button style")
    carried = button.get("url") if button.get("type") == 1 else button.get("key")
    if not _text(carried) or len(str(carried).encode()) > 1024:
        raise RefusalError(_BAD, "button key is missing or longer than 1024 bytes")
    return str(carried)


def _check_notice(card: Json) -> None:
    action = _part(card, "card_action")
    if action.get("type") not in {1, 2} or not (_text(action.get("url")) or action.get("appid")):
        raise RefusalError(42045, "card_action is missing")
    named = _text(_part(card, "main_title").get("title"))
    if card["card_type"] == "text_notice":
        if not named and not _text(card.get("sub_title_text")):
            raise RefusalError(_BAD, "neither main_title.title nor sub_title_text")
    elif not named or not (card.get("card_image") or card.get("image_text_area")):
        raise RefusalError(_BAD, "neither card_image nor image_text_area")


def _part(card: Json, name: str) -> Json:
    found = card.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
