"""Groups' custom robots ("自定义机器人使用指南"): refusals come as HTTP 200 too."""

import base64
import hashlib
import hmac
import time

from tests.fakes.feishu.card_rules import check_card
from tests.fakes.feishu.records import (
    Json,
    RefusalError,
    Request,
    Response,
    SentMessage,
    answer_json,
)
from tests.fakes.feishu.world import Pace, Robot, World, new_id

MOST_BYTES = 20 * 1024
SIGNED_S = 3600
_INSIDE = {"text": "text", "post": "post", "image": "image_key", "share_chat": "share_chat_id"}


def robot_signature(timestamp: str, secret: str) -> str:
    """The unusual HMAC: timestamp and secret are the key, and the message is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


class Robots:
    """POST /open-apis/bot/v2/hook/:token. Runs while the world is held."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._per_second, self._per_minute = Pace(5, 1.0), Pace(100, 60.0)

    def hook(self, request: Request, token: str) -> Response:
        """Take the message, or say why not."""
        robot = self._world.robots.get(token)
        if robot is None:
            raise _refused(19001, "param invalid: incoming webhook access token invalid")
        if len(request.body) > MOST_BYTES:
            raise _refused(19036, "request body too large")
        document = self._world.require_json(request)
        self._check_signature(robot, document)
        content = self._content(document)
        if robot.keyword and robot.keyword not in request.body.decode():
            raise _refused(19024, "Key Words Not Found")
        self._pace(token)
        self._world.sent.append(self._message(token, str(document["msg_type"]), content))
        legacy = {"StatusCode": 0, "StatusMessage": "success"}
        return answer_json({"code": 0, "msg": "success", "data": {}, **legacy})

    def _check_signature(self, robot: Robot, document: Json) -> None:
        if not robot.secret:
            return
        timestamp, sign = str(document.get("timestamp", "")), document.get("sign")
        near = timestamp.isdigit() and abs(self._world.now_s() - int(timestamp)) <= SIGNED_S
        if not near or sign != robot_signature(timestamp, robot.secret):
            why = "sign match fail or timestamp is not within one hour from current time"
            raise _refused(19021, why)

    def _content(self, document: Json) -> Json:
        msg_type = document.get("msg_type")
        if not msg_type:
            raise _refused(19002, "params error, msg_type need")
        content = document.get("card" if msg_type == "interactive" else "content")
        if not isinstance(content, dict):
            raise _refused(9499, "Bad Request")
        if msg_type == "interactive":
            check_card(content)
        elif _INSIDE.get(str(msg_type)) not in content:
            raise _refused(9499, "Bad Request")
        return content

    def _pace(self, token: str) -> None:
        if not self._world.paced:
            return
        if not (self._per_second.takes(token) and self._per_minute.takes(token)):
            raise _refused(11232, "frequency limited psm[lark.oapi.app_platform_runtime]")

    def _message(self, token: str, msg_type: str, content: Json) -> SentMessage:
        return SentMessage(
            message_id=new_id("om"),
            chat_id=token,
            receive_id=token,
            receive_id_type="hook",
            msg_type=msg_type,
            content=content,
            uuid="",
            reply_to="",
            at=time.monotonic(),
            sent_ms=self._world.now_ms(),
        )


def _refused(code: int, msg: str) -> RefusalError:
    return RefusalError(code, msg, status=200)
