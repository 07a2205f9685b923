"""The platform's outgoing side: seals callbacks, delivers them, reads what comes back."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from tests.fakes.wecom import sealing
from tests.fakes.wecom.callbacks import Callbacks
from tests.fakes.wecom.events import Callback
from tests.fakes.wecom.records import Json, Said
from tests.fakes.wecom.replies import Effect, Replies, ReplyError

RETRIES = 3
VERIFY_S = 1.0
_ECHO = "5927782489442352469"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One request as it goes out."""

    way: str
    method: str
    query: Mapping[str, str]
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def raw_query(self) -> str:
        """As it stands in the address."""
        return urlencode(self.query)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one request went; the package's docstring says what the fields mean."""

    status: int
    body: bytes
    seconds: float
    ok: bool
    problem: str = ""
    effect: Effect = field(default_factory=Effect)

    @property
    def reply(self) -> Json | None:
        return self.effect.document

    @property
    def said(self) -> Said | None:
        return self.effect.said

    @property
    def update(self) -> Json | None:
        return self.effect.update


Target = str | Callable[[Sealed], tuple[int, bytes]]


class Pusher:
    """Delivers callbacks to ``app`` and ``aibot``. Thread-safe."""

    def __init__(
        self,
        wecom: Callbacks,
        *,
        app: Target = "",
        aibot: Target = "",
        deadline_s: float = 5.0,
        verify_first: bool = True,
    ) -> None:
        self._wecom, self._world = wecom, wecom.world
        self._targets = {"app": app, "aibot": aibot}
        self._deadline_s = deadline_s
        self._verified: set[str] = set() if verify_first else {"app", "aibot"}
        self._replies = Replies(self._world)
        self._asked: dict[str, Callback] = {}

    def verify(self, way: str = "app", *, echo: str = _ECHO) -> Delivery:
        """``ok``: the echo and nothing else came back within a second."""
        query = self._signed(way, sealing.encrypt(self._world.company.keys(way), echo), "echostr")
        done = self._sent(Sealed(way, "GET", query))
        ok = done.status == 200 and done.body == echo.encode() and done.seconds <= VERIFY_S
        return Delivery(done.status, done.body, done.seconds, ok)

    def seal(
        self, callback: Callback, *, timestamp: int | None = None, nonce: str | None = None
    ) -> Sealed:
        """A signed, encrypted POST."""
        way = callback.way
        encrypt = sealing.encrypt(self._world.company.keys(way), callback.plaintext())
        query = self._signed(way, encrypt, "", timestamp=timestamp, nonce=nonce)
        if way == "app":
            body, content_type = self._envelope(encrypt), "text/xml"
        else:
            body, content_type = f'{{"encrypt": "{encrypt}"}}', "application/json"
        return Sealed(way, "POST", query, body.encode(), {"content-type": content_type})

    def send(self, sealed: Sealed) -> Delivery:
        """One request as it is; what comes back is not read."""
        self._verify_once(sealed.way)
        return self._sent(sealed)

    def deliver(
        self, callback: Callback, *, timestamp: int | None = None, nonce: str | None = None
    ) -> Delivery:
        """One try."""
        return self._delivered(callback, self.seal(callback, timestamp=timestamp, nonce=nonce))

    def push(self, callback: Callback, *, fresh: bool = True) -> list[Delivery]:
        """As the platform does: again when it failed, three times at most; robots' presses once."""
        once = callback.way == "aibot" and callback.trigger == "card"
        sealed = self.seal(callback)
        deliveries = [self._delivered(callback, sealed)]
        while not deliveries[-1].ok and not once and len(deliveries) <= RETRIES:
            sealed = self.seal(callback) if fresh else sealed
            deliveries.append(self._delivered(callback, sealed))
        return deliveries

    def together(self, callbacks: Sequence[Callback]) -> list[Delivery]:
        """All at once."""
        with ThreadPoolExecutor(len(callbacks)) as pool:
            return list(pool.map(self.deliver, callbacks))

    def stream(self, callback: Callback, *, every_s: float = 0.05, timeout_s: float = 10) -> Said:
        """Deliver, then ask for more until it is finished. Raises ``TimeoutError``."""
        delivery = self.deliver(callback)
        if delivery.said is None:
            raise AssertionError(f"no stream: HTTP {delivery.status} {delivery.problem}")
        until = time.monotonic() + timeout_s
        while not delivery.said.finished:
            if time.monotonic() > until:
                raise TimeoutError(f"not finished within {timeout_s} s")
            time.sleep(every_s)
            self.poll(delivery.said)
        return delivery.said

    def poll(self, said: Said) -> Delivery:
        """Ask once for more of an unfinished stream."""
        asked = self._asked[said.req_id]
        return self.deliver(self._wecom.bot_poll(said, asked))

    def press(self, said: Said, label: str, user: str = "") -> Delivery:
        """A button of a card, the application's or the robot's."""
        make = self._wecom.app_press if said.channel == "app" else self._wecom.bot_press
        return self.push(make(said, label, user))[-1]

    def _delivered(self, callback: Callback, sealed: Sealed) -> Delivery:
        done = self.send(sealed)
        if not done.ok:
            return done
        if callback.trigger == "message":
            self._asked[callback.key] = callback
        try:
            effect = self._replies.take(callback, done.body, nonce=sealed.query.get("nonce", ""))
        except ReplyError as error:
            return Delivery(done.status, done.body, done.seconds, ok=True, problem=str(error))
        return Delivery(done.status, done.body, done.seconds, ok=True, effect=effect)

    def _verify_once(self, way: str) -> None:
        if way in self._verified:
            return
        verified = self.verify(way)
        if not verified.ok:
            raise AssertionError(f"the address of {way} does not verify: HTTP {verified.status}")
        self._verified.add(way)

    def _sent(self, sealed: Sealed) -> Delivery:
        target, began = self._targets[sealed.way], time.monotonic()
        try:
            status, body = _post(target, sealed, self._deadline_s)
        except httpx.HTTPError:
            return Delivery(0, b"", time.monotonic() - began, ok=False)
        seconds = time.monotonic() - began
        return Delivery(status, body, seconds, ok=status == 200 and seconds <= self._deadline_s)

    def _signed(
        self,
        way: str,
        encrypt: str,
        name: str,
        *,
        timestamp: int | None = None,
        nonce: str | None = None,
    ) -> dict[str, str]:
        made = str(int(self._world.now().timestamp()) if timestamp is None else timestamp)
        nonce = nonce or str(secrets.randbelow(10**10))
        token = self._world.company.keys(way).token
        signature = sealing.sign(token, made, nonce, encrypt)
        query = {"msg_signature": signature, "timestamp": made, "nonce": nonce}
        return query | ({name: encrypt} if name else {})

    def _envelope(self, encrypt: str) -> str:
        company = self._world.company
        return (
            f"<xml><ToUserName><![CDATA[{company.corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{company.app.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
        )


def vector(entry: Mapping[str, Any]) -> Sealed:
    """The request of an entry of wecom_vectors.json, good or bad."""
    headers = {"content-type": entry["content_type"]} if entry.get("content_type") else {}
    return Sealed(
        way=entry["credentials"],
        method=entry["method"],
        query=dict(parse_qsl(entry["raw_query_string"], keep_blank_values=True)),
        body=(entry.get("body") or "").encode(),
        headers=headers,
    )


def _post(target: Target, sealed: Sealed, deadline_s: float) -> tuple[int, bytes]:
    if not isinstance(target, str):
        return target(sealed)
    with httpx.Client(timeout=deadline_s, trust_env=False) as client:
        response = client.request(
            sealed.method,
            f"{target}?{sealed.raw_query}",
            content=sealed.body,
            headers=dict(sealed.headers),
        )
    return response.status_code, response.content
