"""A stand-in for WeCom's platform: its HTTP API, its callbacks and its robot's long connection.

It knows nothing of the code under test and needs no SDK. What it accepts and refuses follows
WeCom's documents as of 2026; where nothing is documented it takes the stricter.

    from tests.fakes.wecom import FakeWecom, Pusher, buttons_of, faults, text_of

    with FakeWecom() as wecom:                # keyword arguments below
        wecom.base_url                        # "http://127.0.0.1:PORT": settings' wecom.base_url
        wecom.websocket_url                   # "ws://127.0.0.1:PORT": wecom.aibot.websocket_url
        wecom.corp_id
        wecom.app                             # .agent_id .secret .token .encoding_aes_key
        wecom.aibot                           # .bot_id .secret .token .encoding_aes_key .name
        wecom.webhook("orders")               # the address of a message-push robot with this key

``FakeWecom(*, corp_id, app, aibot, clock, monotonic=time.monotonic, paced=True,
overlong="refuse", duplicates="flagged")``: ``clock() -> aware datetime`` governs tokens, response
codes and addresses, media, streams and the times in callbacks (real by default; a FakeClock
works); ``monotonic() -> seconds`` governs the frequency limits (off with ``paced=False``) and the
five seconds of card events. Where nothing is documented: ``overlong="cut"``: what is too long for
a webhook is cut instead of refused; ``duplicates="all"``: enable_duplicate_check finds messages
sent without it, too.

**World.** Users zhangsan, lisi, wangwu, zhaoliu see the application; everybody else is unknown to
it.
- ``add_user(userid)``; ``webhook(key) -> URL`` registers the key; ``remove_webhook(key)`` then
  93000
- ``wecom.app_callback = False``: the application may then not send cards with buttons
- ``revoke_tokens(code=40014)`` every token issued so far is refused with it (or 42001)
- ``add_media(name, content, *, kind="file") -> media_id`` something for media/get
- ``spoken_in(chat_id)`` the robot may speak there without being spoken to first

**What arrived.** All lists are copies, in order of arrival.
- ``wecom.requests -> list[Request]``: method, path, query, headers (lower-case), body, at
  (monotonic), status (0: never answered), errcode (of the answer, 0 too where there was none),
  ``document()``
- ``wecom.calls(part) -> list[Request]``: those with ``part`` in "POST /cgi-bin/…"
- ``wecom.frames -> list[Frame]``: what came over the long connection: cmd, req_id, body, at,
  errcode
- ``wecom.said -> list[Said]``: what people can see. channel "app" | "webhook:<key>" | "bot"; chat
  (userid, chatid, "" for webhooks); msgtype; content (the object under the msgtype's name, or of
  both for stream_with_template_card); req_id (what it answers: the callback's req_id or msgid, ""
  for pushes); how "send" | "answer" | "welcome" | "response_url"; at (monotonic); sent (content
  as it came; differs where the platform cut it); msgid; file (name and bytes of a sent file or
  image); finished (False: a stream that goes on); pieces (a stream's contents so far, in order);
  updates (``Update``: content, how, userids, at); ``shown`` (content after all updates);
  response_code (of an application's card, the next good one)
- ``wecom.dropped -> list[Said]`` what the application said over a person's limit, silently lost
- ``wecom.said_in(chat, channel="") -> list[Said]``
- ``wecom.wait_said(count=1, *, chat="", channel="", timeout_s=10) -> list[Said]`` waits for at
  least ``count`` finished ones; ``wecom.wait_until(condition, *, timeout_s=10)`` for anything
  about the fake (``TimeoutError``; looked at again after each request, frame and connection)

**Reading.** ``text_of(said) -> str`` all that a person sees, line by line (buttons as "[label]",
greyed ones as "(label)"); ``buttons_of(said) -> list[str]`` labels of what can be pressed;
``key_of(said, label) -> str`` what the button carries (``PressError`` where a person could not).

**Faults.** ``wecom.fail(path_part, *, how, times=1)``: the next ``times`` requests or frames that
match suffer ``how``; ``path_part`` is looked for in "POST /cgi-bin/message/send" or "WS
aibot_send_msg". ``wecom.pause(how=faults.hang())`` all do until ``wecom.resume()``;
``wecom.heal()`` forgets them all. Module ``faults``: ``errcode(code, msg="", *, taken=False)``,
``html(status=500)``, ``slow(seconds)`` (taken, then late), ``lost()`` (taken, then the connection
is reset), ``reset()`` (not taken), ``hang(taken=False)``, ``dribble(byte_s=0.2)`` (taken),
``truncated()`` (taken, half of the JSON). Over the long connection ``hang`` means no ack,
``lost`` and ``reset`` end the connection.

**Long connection.** One live connection: a new one throws the old one out after an event.
- ``wecom.connected(timeout_s=10) -> bool`` subscribed; ``wecom.connects -> int`` subscriptions
  ever; ``wecom.pings -> int``; each method below waits up to ten seconds for a subscriber, then
  ``ConnectionError``
- ``wecom.say(user, text, chat=None, quote=None, *, mention=True, msgid="") -> Heard`` in a group
  with ``chat`` (the text then starts with "@name "), else one-to-one. ``Heard``: req_id, msgid,
  chat, chattype, user, document (the body), ``sent_at`` (by the clock)
- ``wecom.say_file(user, name, content, chat=None)``, ``say_image(user, content, ...)``,
  ``say_mixed(user, text, content, ...)``, ``say_voice(user, text)`` -> Heard
- ``wecom.repeat(heard) -> Heard`` the same msgid again under a new req_id
- ``wecom.replies(heard) -> list[Said]``; ``wecom.wait_reply(heard, *, timeout_s=10) -> Said`` the
  first finished one
- ``wecom.press(said, label, user="", *, timeout_s=5.5) -> dict | None`` presses the button so
  labelled on the card as it is shown now; returns the template_card it was answered with, or None.
  "" is whoever is alone with the robot, in a group zhangsan. ``timeout_s=0`` does not wait.
  ``wecom.press_key(said, key, user="", ...)`` any key, as an attacker would
- ``wecom.enter_chat(user="zhangsan", *, timeout_s=5.5) -> Said | None`` the welcome it got
- ``wecom.other_event(eventtype, detail, user=..., chat=None) -> Heard``
- ``wecom.take_over()`` another program subscribes: event, then the end;
  ``wecom.drop_connections(*, clean=False)``; ``wecom.go_silent()`` no acks until
  ``wecom.speak()``; ``wecom.refuse_handshakes(times, *, status=503)``; ``wecom.fail("WS
  aibot_subscribe", how=faults.errcode(853000))``

**Callbacks** are frozen ``Callback`` objects: way ("app" | "aibot"), document (dict;
application's XML fields or robot's JSON), key (msgid, MsgId or ""), trigger ("message",
"enter_chat", "card", "stream", "event"), user, chat; ``plaintext()``; ``changed(**fields)``.
Times are the fake's clock.
- ``wecom.app_text(user, text)``, ``app_image(user, content)``, ``app_event(user, event,
  **fields)`` (such as ``EventKey="…"``), ``app_press(said, label, user="")`` (default: whose card
  it is; brings a fresh response_code, said.response_code)
- ``wecom.bot_text(user, text, chat=None, quote=None, *, mention=True)``, ``bot_file(user, name,
  content)``, ``bot_press(said, label, user="")``, ``bot_enter(user)``,
  ``bot_event(eventtype, detail, user)``

**Pusher** ``Pusher(wecom, *, app="", aibot="", deadline_s=5.0, verify_first=True)``: ``app`` and
``aibot`` are URLs, or callables ``(Sealed) -> (status, body bytes)`` for a test client. Before
the first POST to each the GET verification must pass (``AssertionError``).
- ``verify(way="app", *, echo="…") -> Delivery`` ok: exactly the echo, within a second
- ``deliver(callback, *, timestamp=None, nonce=None) -> Delivery`` one try
- ``push(callback, *, fresh=True) -> list[Delivery]`` up to three more tries until ok, with the
  same msgid; ``fresh``: newly signed each time, else the very same request. Robots' card events:
  once
- ``together(callbacks) -> list[Delivery]`` all at once, in the order of ``callbacks``
- ``stream(callback, *, every_s=0.05, timeout_s=10) -> Said`` delivers, then polls until it is
  finished
- ``poll(said) -> Delivery`` one poll of an unfinished stream
- ``press(said, label, user=…) -> Delivery`` of either kind of card
- ``seal(callback, *, timestamp=None, nonce=None) -> Sealed`` (way, method, query, headers, body)
  and ``send(sealed) -> Delivery`` for forgeries and the vectors; ``vector(entry) -> Sealed`` of a
  vector
- ``Delivery``: status, body, seconds, ``ok`` (200 within the deadline), ``reply`` (decrypted
  dict, None when empty), ``problem`` ("" or what the platform does not like in the reply),
  ``said`` (what it put on the screen, or None), ``update`` (the card it was answered with, or
  None)

**Strict where people trip:** a robot's changed card must carry the task_id of the press (document
101031) and comes once, within five seconds; a req_id takes only its own kind of answer (846605:
messages aibot_respond_msg, visits the welcome, presses the update); a stream ends six minutes
after its message (846608); plain text is 40008 everywhere but in a welcome. No page names the
codes of bad or used response codes and of most faults in cards: here 40058.

**Crypto** in ``sealing``: ``sign``, ``encrypt``, ``decrypt`` on their own, pinned by the vectors.
"""

from tests.fakes.wecom import faults as faults
from tests.fakes.wecom.events import Callback as Callback
from tests.fakes.wecom.platform import FakeWecom as FakeWecom
from tests.fakes.wecom.push import Delivery as Delivery
from tests.fakes.wecom.push import Pusher as Pusher
from tests.fakes.wecom.push import Sealed as Sealed
from tests.fakes.wecom.push import vector as vector
from tests.fakes.wecom.reading import buttons_of as buttons_of
from tests.fakes.wecom.reading import key_of as key_of
from tests.fakes.wecom.reading import text_of as text_of
from tests.fakes.wecom.records import Aibot as Aibot
from tests.fakes.wecom.records import App as App
from tests.fakes.wecom.records import Heard as Heard
from tests.fakes.wecom.records import PressError as PressError
from tests.fakes.wecom.records import Said as Said
