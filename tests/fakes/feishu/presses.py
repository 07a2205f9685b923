"""What follows a press: the immediate answer and the token for a later one ("延时更新消息卡片")."""

import time
from dataclasses import dataclass
from typing import Any

from tests.fakes.feishu.card_rules import check_card
from tests.fakes.feishu.records import (
    Json,
    RefusalError,
    Request,
    Response,
    SentMessage,
    Update,
    answer_json,
)
from tests.fakes.feishu.world import World, new_id

LIFE_S = 1800
USES = 2
MOST_BYTES = 30 * 1024
_TOASTS = {"info", "success", "warning", "error"}
# The documentation names no codes for these; only that they are refused is known.
_TOKEN_REFUSED = 300080


@dataclass(slots=True)
class CardToken:
    """The right to replace one card, until ``ends_s`` and ``uses`` times, once ``answered``."""

    message_id: str
    ends_s: float
    uses: int = USES
    answered: bool = False


class Presses:
    """Tokens of presses, and the cards they change."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, CardToken] = {}

    def token(self, message_id: str) -> str:
        """A new ``c-…`` for a press on this message."""
        text = new_id("c").replace("_", "-")
        with self._world.changed:
            self._tokens[text] = CardToken(message_id, self._world.now_s() + LIFE_S)
        return text

    def update(self, request: Request) -> Response:
        """POST /open-apis/interactive/v1/card/update, after the press was answered."""
        document = self._world.require_json(request)
        token = self._tokens.get(str(document.get("token")))
        if token is None or token.ends_s < self._world.now_s() or token.uses < 1:
            raise RefusalError(_TOKEN_REFUSED, "token is invalid, expired or used up")
        card = document.get("card")
        if not isinstance(card, dict) or len(request.body) > MOST_BYTES:
            raise RefusalError(_TOKEN_REFUSED, "card is not an object of at most 30 KB")
        check_card(card)
        self._await_answer(token)
        token.uses -= 1
        self._replace(token.message_id, card, "token")
        return answer_json({"code": 0, "msg": "success"})

    def answered(self, token: str, answer: Any) -> int:
        """The press was answered so: what the presser's client shows now, 0 when all is well.

        200672: no such answer. 200673: its card is wrong.
        """
        with self._world.changed:
            known = self._tokens.get(token)
            if known is not None:
                known.answered = True
            problem = _problem(answer)
            if known is not None and not problem and "card" in answer:
                self._replace(known.message_id, answer["card"]["data"], "answer")
            self._world.wake()
        return problem

    def _await_answer(self, token: CardToken) -> None:
        # Our own pusher needs a moment to see the answer that the caller has just sent.
        self._world.changed.wait_for(lambda: token.answered, timeout=0.3)
        if not token.answered:
            raise RefusalError(_TOKEN_REFUSED, "the callback was not answered yet")

    def _replace(self, message_id: str, card: Json, how: str) -> None:
        message: SentMessage | None = self._world.find(message_id)
        if message is not None:
            message.updates.append(Update(card, how, time.monotonic()))


def _problem(answer: Any) -> int:
    if not isinstance(answer, dict) or not answer.keys() <= {"toast", "card"}:
        return 200672
    if "toast" in answer and not _is_toast(answer["toast"]):
        return 200672
    return 200673 if "card" in answer and not _is_card(answer["card"]) else 0


def _is_toast(toast: Any) -> bool:
    return (
        isinstance(toast, dict)
        and toast.keys() <= {"type", "content", "i18n"}
        and toast.get("type", "info") in _TOASTS
        and isinstance(toast.get("content", ""), str)
    )


def _is_card(card: Any) -> bool:
    if not isinstance(card, dict) or card.get("type") not in {"raw", "template"}:
        return False
    data = card.get("data")
    if not isinstance(data, dict):
        return False
    try:
        if card["type"] == "raw":
            check_card(data)
    except RefusalError:
        return False
    return True
