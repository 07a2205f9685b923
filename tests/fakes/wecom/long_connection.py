"""The robot's long connection (智能机器人长连接, document 101463)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection

from tests.fakes.wecom import robot_says, sockets
from tests.fakes.wecom.events import Callback
from tests.fakes.wecom.records import Frame, Heard, Json, RefusalError, Update
from tests.fakes.wecom.uploads import Uploads
from tests.fakes.wecom.world import World

if TYPE_CHECKING:
    from collections.abc import Callable


WAITS_S = 10.0  # for somebody to subscribe
_EVENT_S = 5.0
_ANSWERABLE = timedelta(hours=24)
# Reported by clients for an answer to what cannot be answered like that.
_BAD_REQ_ID = 846605


@dataclass(slots=True)
class _Asked:
    """What was pushed, and may be answered."""

    callback: Callback
    pushed_at: float
    pushed: datetime
    answered: bool = False
    update: Json | None = None


class LongConnection:
    """One subscriber at a time hears what is pushed and speaks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._asked: dict[str, _Asked] = {}
        self._streams = robot_says.Streams(world)
        self._subscriber: ServerConnection | None = None
        self.connects = self.pings = 0
        uploads = Uploads(world)
        self._commands: dict[str, Callable[[Frame], Json]] = {
            "ping": self._ping,
            "aibot_respond_msg": self._respond,
            "aibot_respond_welcome_msg": self._welcome,
            "aibot_respond_update_msg": self._update,
            "aibot_send_msg": self._send,
            "aibot_upload_media_init": lambda frame: uploads.begin(frame.body),
            "aibot_upload_media_chunk": lambda frame: uploads.add(frame.body),
            "aibot_upload_media_finish": lambda frame: uploads.finish(frame.body),
        }
        self.server = sockets.SocketServer(
            self._answer, world.script, note=self._note, acked=self._acked, gone=self._gone
        )

    def is_subscribed(self) -> bool:
        """Whether anybody listens."""
        return self._subscriber is not None

    def push(self, callback: Callback) -> Heard:
        """Tell the subscriber. Raises ``ConnectionError`` when there is none in time."""
        if not self._world.wait(self.is_subscribed, WAITS_S):
            raise ConnectionError("nobody subscribed")
        req_id = self._world.name("req-")
        now = self._world.now()
        with self._world.changed:
            self._asked[req_id] = _Asked(callback, self._world.ticks(), now)
            subscriber = self._subscriber
        cmd = "aibot_msg_callback" if callback.trigger == "message" else "aibot_event_callback"
        # Here nothing is answered by HTTP.
        document = {k: v for k, v in callback.document.items() if k != "response_url"}
        frame = {"cmd": cmd, "headers": {"req_id": req_id}, "body": document}
        if subscriber is None:
            raise ConnectionError("the subscriber went away")
        try:
            sockets.send(subscriber, frame)
        except ConnectionClosed as error:
            raise ConnectionError("the connection is closed") from error
        return Heard(
            req_id=req_id,
            msgid=callback.key,
            chat=callback.chat,
            chattype=str(callback.document["chattype"]),
            user=callback.user,
            document=document,
            sent_at=now,
        )

    def update_of(self, heard: Heard, timeout_s: float) -> Json | None:
        """The card a press was answered with, None when there was none in time."""
        asked = self._asked[heard.req_id]
        self._world.wait(lambda: asked.update is not None, timeout_s)
        return asked.update

    def take_over(self, new: ServerConnection | None = None) -> None:
        """``new`` (None: another program) subscribed: the event to the old one, then its end."""
        with self._world.changed:
            old, self._subscriber = self._subscriber, new
            self._world.notify()
        if old is None or old is new:
            return
        frame = {
            "cmd": "aibot_event_callback",
            "headers": {"req_id": self._world.name("req-")},
            "body": self._disconnected(),
        }
        with suppress(ConnectionClosed):
            sockets.send(old, frame)
            old.close()

    def _note(self, frame: Frame) -> None:
        with self._world.changed:
            if frame.errcode is None:  # it just came
                self._world.frames.append(frame)
            self._world.notify()

    def _gone(self, connection: ServerConnection) -> None:
        with self._world.changed:
            if self._subscriber is connection:
                self._subscriber = None
            self._world.notify()

    def _acked(self, connection: ServerConnection, frame: Frame) -> None:
        """Nothing is pushed before the subscriber knows that it is one."""
        if frame.cmd == "aibot_subscribe" and frame.errcode == 0:
            self.connects += 1
            self.take_over(connection)

    def _answer(self, connection: ServerConnection, frame: Frame) -> Json:
        if not frame.req_id:
            raise RefusalError(_BAD_REQ_ID, "invalid req_id")
        if frame.cmd == "aibot_subscribe":
            return self._subscribe(frame)
        command = self._commands.get(frame.cmd)
        if command is None:
            raise RefusalError(40058, "unknown cmd")
        with self._world.changed:
            if self._subscriber is not connection:
                raise RefusalError(846609, "aibot websocket not subscribed")
            return command(frame)

    def _subscribe(self, frame: Frame) -> Json:
        robot = self._world.company.aibot
        given = (frame.body.get("bot_id"), frame.body.get("secret"))
        if given != (robot.bot_id, robot.secret):
            raise RefusalError(853000, "invalid bot_id or secret")
        return {}

    def _disconnected(self) -> Json:
        return {
            "msgid": self._world.name("CAIQ"),
            "create_time": int(self._world.now().timestamp()),
            "aibotid": self._world.company.aibot.bot_id,
            "msgtype": "event",
            "event": {"eventtype": "disconnected_event", "disconnected_event": {}},
        }

    def _ping(self, _frame: Frame) -> Json:
        self.pings += 1
        return {}

    def _respond(self, frame: Frame) -> Json:
        asked = self._asked_by(frame, "message")
        if self._world.now() - asked.pushed > _ANSWERABLE:
            raise RefusalError(_BAD_REQ_ID, "req_id is older than 24 hours")
        words = robot_says.read(self._world, frame.body, robot_says.TO_MESSAGE_LIVE)
        chat = asked.callback.chat
        if not (words.stream_id and self._streams.is_open(frame.req_id, words.stream_id)):
            self._pace(chat)
        if words.stream_id:
            self._streams.say(words, chat=chat, req_id=frame.req_id, since=asked.pushed)
        else:
            robot_says.show(self._world, words, chat=chat, how="answer", req_id=frame.req_id)
        return {}

    def _welcome(self, frame: Frame) -> Json:
        asked = self._in_time(frame, "enter_chat")
        words = robot_says.read(self._world, frame.body, robot_says.TO_VISIT)
        chat = asked.callback.chat
        robot_says.show(self._world, words, chat=chat, how="welcome", req_id=frame.req_id)
        asked.answered = True
        return {}

    def _update(self, frame: Frame) -> Json:
        asked = self._in_time(frame, "card")
        pressed = str(asked.callback.document["event"]["template_card_event"]["task_id"])
        card, userids = robot_says.updated_card(frame.body, task_id=pressed)
        if asked.callback.said is not None:
            update = Update(card, "answer", userids, self._world.ticks())
            asked.callback.said.updates.append(update)
        asked.update, asked.answered = card, True
        return {}

    def _send(self, frame: Frame) -> Json:
        chat = str(frame.body.get("chatid", ""))
        known = self._world.spoken.get(chat)
        if known is None:
            raise RefusalError(93006, "invalid chatid")
        kinds = {0, 1 if known == "single" else 2}
        if frame.body.get("chat_type", 0) not in kinds:
            raise RefusalError(40058, "chat_type does not fit the chatid")
        words = robot_says.read(self._world, frame.body, robot_says.UNPROMPTED)
        self._pace(chat)
        robot_says.show(self._world, words, chat=chat, how="send")
        return {}

    def _pace(self, chat: str) -> None:
        if not self._world.passes("robot", chat):
            raise RefusalError(45009, "api freq out of limit")

    def _asked_by(self, frame: Frame, trigger: str) -> _Asked:
        asked = self._asked.get(frame.req_id)
        if asked is None or asked.callback.trigger != trigger:
            raise RefusalError(_BAD_REQ_ID, "invalid req_id")
        return asked

    def _in_time(self, frame: Frame, trigger: str) -> _Asked:
        """An event that can still be answered: once, within five seconds."""
        asked = self._asked_by(frame, trigger)
        if asked.answered or self._world.ticks() - asked.pushed_at > _EVENT_S:
            raise RefusalError(_BAD_REQ_ID, "req_id is used or too old")
        return asked
