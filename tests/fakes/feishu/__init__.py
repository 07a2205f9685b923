"""A stand-in for Feishu's platform: its HTTP API, its callbacks and its long connection.

It knows nothing of the code under test and needs no SDK. What it accepts and refuses follows
Feishu's documents as of 2026 and its SDK 1.7.5; where editions differ it takes the stricter.

    from tests.fakes.feishu import FakeFeishu, Pusher, faults

    with FakeFeishu() as feishu:                # keyword arguments below
        feishu.base_url                         # "http://127.0.0.1:PORT": settings' feishu.base_url
        feishu.app_id, feishu.app_secret, feishu.encrypt_key, feishu.verification_token
        feishu.bot_open_id, feishu.bot_name, feishu.tenant_key

``FakeFeishu(*, app_id, app_secret, encrypt_key, verification_token, bot_open_id, clock, paced=True,
ping_interval_s=1)``: ``clock() -> aware datetime`` governs tokens, uuids, card tokens, robots'
signatures and the times in events (real time by default; a FakeClock works); the frequency limits
always count real seconds and are off with ``paced=False``.

**World.** ``feishu.group`` ("oc_…"), ``feishu.user`` ("ou_…") and ``feishu.image`` exist already.
- ``add_chat(chat_id="", name="") -> chat_id`` a group with the bot in it
- ``add_user(open_id="", name="") -> open_id``; ``direct(open_id) -> "oc_…"`` that person's own chat
- ``add_robot(token="", *, secret="", keyword="") -> webhook URL`` a group's custom robot
- ``remove_bot(chat_id)`` sending there is then 230002; ``mute(open_id)`` sending there: 230013
- ``recall(message_id)``; ``revoke_tokens()`` every token issued so far is 99991663 from now on
- ``add_file(message_id, name, content, *, kind="file") -> file_key`` something to download

**What arrived.** All lists are copies, in order of arrival.
- ``feishu.requests -> list[Request]``: method, path, query, headers (lower-case), body, at
  (monotonic), status (0: never answered), ``document()``, ``matches(part)``
- ``feishu.calls(part) -> list[Request]``: those with ``part`` in "POST /open-apis/…"
- ``feishu.messages -> list[SentMessage]``: message_id, chat_id (where it lands), receive_id,
  receive_id_type ("hook" and the token for custom robots, "message_id" for replies), msg_type,
  content (parsed, as sent), uuid, reply_to, updates (``Update``: content, how "patch"/"token"/
  "answer", at), at (monotonic), ``shown`` (content after all updates), ``recalled``
- ``feishu.in_chat(chat_id) -> list[SentMessage]`` (an "ou_…" or a hook token works as well)
- ``feishu.uploads -> list[Upload]``: key, kind ("image"/"file"), name, content, file_type,
  as_field (True: it came as a form field instead of a file part)
- ``feishu.wait_messages(count, chat_id="", *, timeout_s=10) -> list[SentMessage]`` waits for at
  least ``count``; ``feishu.wait_until(condition, *, timeout_s=10)`` for anything about the fake
  (the condition is looked at again after each request, message, update, ack and connection)

**Reading cards.** ``text_of(message) -> str`` all that a person sees, line by line (buttons as
"[label]", cells joined by " | "); ``buttons_of(message) -> list[str]`` labels of what can be
pressed; ``pinged(message) -> list[str]`` user ids it notifies ("all" too).

**Faults.** ``feishu.fail(path_part, how, *, times=1)``: the next ``times`` requests that match
suffer ``how``; ``feishu.pause(how=faults.hang())`` all do until ``feishu.resume()``;
``feishu.heal()`` forgets them all. Made by module ``faults``: ``answer(status, document,
headers={}, taken=False)``, ``rate_limited(reset_s=1)``, ``html(status=502)``, ``slow(seconds)``
(taken), ``lost()`` (taken, then the connection is reset), ``reset()`` (not taken),
``empty(taken=True)``, ``dribble(byte_s=0.2)`` (taken), ``hang(taken=False)``. "Taken" faults do
what was asked for first.
What hangs when it is resumed or healed is reset, undone.

**Events.** Each is an immutable ``Event``: document (a copy), event_id, event_type, message_id,
chat_id, ``token`` (of a press), ``renewed()`` the same message under a new event_id (the documented
duplicate), ``changed(**header)``. Times are the fake's clock unless ``at`` says otherwise.
- ``feishu.text(text, *, chat="", user="", mention=True, others=(), parent="", at=None)`` in a
  group ("" is ``feishu.group``), the bot mentioned first; ``others``: open ids mentioned after it
- ``feishu.direct_text(text, *, user="", at=None)``; ``feishu.post(lines, *, title="", chat="",
  user="", mention=True)``; ``feishu.said(kind, content, *, chat="", user="")`` any other type
- ``feishu.file(name, content, *, chat="", user="")``, ``feishu.image_sent(content, ...)``: can be
  downloaded; in the person's own chat unless ``chat`` is given
- ``feishu.press(message, label, *, user="", inputs=None, nth=None)`` presses the button so labelled
  on the card as it is shown now; ``inputs`` fill its form by field name. ``PressError`` when a
  person could not: no such button, disabled, a link, a required field empty, an unknown field.
- ``feishu.press_value(message, value, *, user="", form_value=None)`` any value, as an attacker may
- ``feishu.bot_joined(chat_id="", name="…")`` (the chat exists from then on),
  ``feishu.bot_left(chat_id)`` (sending fails from then on), ``feishu.other(event_type, event)``

**Callbacks.** ``Pusher(feishu, url, *, deadline_s=3.0)``, a context manager:
- ``deliver(event) -> Delivery`` one try: status, body, seconds, ``ok`` (200 within the deadline),
  ``answer()`` (JSON), ``problem`` (0, or what the presser's client shows: 200341 too late, 200671
  not 200, 200672 no such answer, 200673 a bad card)
- ``push(event, *, waits_s=(0.05, 0.1, 0.1, 0.1)) -> list[Delivery]`` tried again until ok
- ``together(events) -> list[Delivery]`` all at once, in the order of ``events``
- ``verify_url(challenge="…", *, token=None) -> Delivery`` encrypted, without signature headers
- ``seal(document, *, encrypted=True, signed=True, timestamp="", nonce="", iv=None) -> Sealed``
  (headers, body bytes) and ``send(sealed) -> Delivery`` for forgeries; the free function
  ``seal(plain, encrypt_key, *, timestamp, …)`` does the same without a fake

**Long connection.** ``POST /callback/ws/endpoint`` and the socket behind it.
- ``feishu.connected(timeout_s=10, count=1) -> bool``; ``feishu.connections -> int`` now;
  ``feishu.connects -> int`` ever; ``feishu.pings -> int``
- ``feishu.socket_push(event, *, timeout_s=5, parts=1) -> Ack``: code, answer (decoded JSON or
  None), biz_rt, seconds; ``TimeoutError`` when no ack comes, ``ConnectionError`` without one
- ``feishu.drop_connections(*, clean=False)``; ``feishu.go_silent()`` no pong, no ack read, sockets
  stay open, until ``feishu.speak()``; ``feishu.refuse_handshakes(times, *, status=514, code=…)``;
  ``feishu.fail("/callback/ws/endpoint", faults.…)`` for the address
"""

from tests.fakes.feishu import faults
from tests.fakes.feishu.events import Event
from tests.fakes.feishu.fake import FakeFeishu
from tests.fakes.feishu.push import Delivery, Pusher, Sealed, seal
from tests.fakes.feishu.reading import PressError, buttons_of, pinged, text_of
from tests.fakes.feishu.records import Ack, Request, SentMessage, Update, Upload

__all__ = [
    "Ack",
    "Delivery",
    "Event",
    "FakeFeishu",
    "PressError",
    "Pusher",
    "Request",
    "Sealed",
    "SentMessage",
    "Update",
    "Upload",
    "buttons_of",
    "faults",
    "pinged",
    "seal",
    "text_of",
]
