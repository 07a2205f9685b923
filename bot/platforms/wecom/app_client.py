"""A self-built application's calls, through wechatpy (发送应用消息, document 90236).

What wechatpy does by itself is kept from it: its token call ignores base URL and timeout, it
refreshes without a bound and from every thread at once, and its errors hold addresses with secrets.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import requests
from wechatpy.enterprise import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.platforms.base import SendError
from bot.platforms.calls import BoundedAdapter, Calls
from bot.platforms.wecom import codes
from store.clock import Clock

T = TypeVar("T")
RENEW_AT = 0.9  # of a token's life
REPEAT_S = 1800  # how far back the platform looks for the same message
_JSON = {"Content-Type": "application/json; charset=utf-8"}  # wechatpy sends none


class AppClient:
    """The calls that need the application's secret. Thread-safe; each raises ``SendError``.

    A token that the platform no longer takes is fetched again once, and the call repeated once.
    """

    def __init__(
        self, *, corp_id: str, secret: str, agent_id: int, base_url: str, calls: Calls, now: Clock
    ) -> None:
        self._agent_id, self._calls = agent_id, calls
        self._home = f"{base_url}/cgi-bin/"
        self._client = _Client(corp_id, secret, self._home, calls)
        self._token = Token(self._fetch, now)

    def send(self, user: str, message: Mapping[str, Any], *, once: bool) -> Mapping[str, Any]:
        """Say ``message`` (msgtype and what belongs to it) to one person.

        ``once``: the platform drops it if it took the same one in the last half hour.
        """
        document = {"touser": user, "agentid": self._agent_id, **message}
        if once:
            document |= {"enable_duplicate_check": 1, "duplicate_check_interval": REPEAT_S}
        answer = self._posted("message/send", document)
        if answer.get("invaliduser"):
            raise SendError("invaliduser", gone=True)
        if answer.get("unlicenseduser"):
            raise SendError("unlicenseduser", permanent=True)
        return answer

    def update(self, user: str, response_code: str, card: Mapping[str, Any]) -> None:
        """Show ``card`` in place of one that was sent (更新模版卡片消息, document 94888)."""
        # Lists here, not names joined by |.
        document = {
            "userids": [user],
            "agentid": self._agent_id,
            "response_code": response_code,
            "template_card": card,
        }
        self._posted("message/update_template_card", document)

    def upload(self, kind: str, name: str, mime: str, content: bytes) -> str:
        """The media id of a file for three days; ``kind`` is image or file."""

        def call(token: str) -> Mapping[str, Any]:
            params = {"type": kind, "access_token": token}
            # Bytes: a file object would be at its end on the second try.
            files = {"media": (name, content, mime)}
            return _answered(lambda: self._client.post("media/upload", params=params, files=files))

        return str(self._with_token(call).get("media_id", ""))

    def download(self, media_id: str) -> bytes:
        """A file that somebody sent."""

        # Not through wechatpy: it reads every file that happens to be JSON.
        def call(token: str) -> bytes:
            params = {"access_token": token, "media_id": media_id}
            answer = self._calls.request("GET", f"{self._home}media/get", params=params)
            if "content-disposition" in answer.headers:
                return answer.body
            codes.checked(answer.document())
            raise SendError("no file in the answer", permanent=True)

        return self._with_token(call)

    def check(self) -> None:
        """Prove the corp id and the secret by asking for a new token."""
        self._token.renewed(self._token.known)

    def _posted(self, endpoint: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        def call(token: str) -> Mapping[str, Any]:
            params = {"access_token": token}
            return _answered(
                lambda: self._client.post(endpoint, params=params, data=document, headers=_JSON)
            )

        return self._with_token(call)

    def _with_token(self, call: Callable[[str], T]) -> T:
        token = self._token.current()
        try:
            return call(token)
        except codes.StaleTokenError:
            pass
        return call(self._token.renewed(token))

    def _fetch(self) -> tuple[str, float]:
        answer = _answered(self._client.fetch_access_token)
        return str(answer["access_token"]), float(answer.get("expires_in", 7200))


class Token:
    """A token that all threads share: one fetches it, the others wait for that one's result."""

    def __init__(self, fetch: Callable[[], tuple[str, float]], now: Clock) -> None:
        self._fetch, self._now = fetch, now
        self._guard = threading.Lock()
        self._tries = 0
        self._fault: SendError | None = None
        self._renew_at: datetime | None = None
        self.known = ""

    def current(self) -> str:
        """A token that is good as far as we know."""
        return self.renewed(None)

    def renewed(self, stale: str | None) -> str:
        """A token other than ``stale``, which the platform refused."""
        tries = self._tries
        with self._guard:
            if self._fresh() and self.known != stale:
                return self.known
            if tries == self._tries:
                self._try()
            if self._fault is not None:
                raise _same(self._fault)
            return self.known

    def _fresh(self) -> bool:
        return self._renew_at is not None and self._now() < self._renew_at

    def _try(self) -> None:
        self._fault, self._renew_at = None, None
        try:
            self.known, life_s = self._fetch()
        except SendError as error:
            self._fault = error
        else:
            self._renew_at = self._now() + timedelta(seconds=RENEW_AT * life_s)
        self._tries += 1


class _Client(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's client, kept to ``home`` and to our bounds."""

    def __init__(self, corp_id: str, secret: str, home: str, calls: Calls) -> None:
        super().__init__(corp_id, secret, auto_retry=False)
        self.API_BASE_URL = home
        self._http = _Session(calls)

    def fetch_access_token(self) -> Any:
        """Ask for a token, where the original asks the real platform whatever the base URL."""
        params = {"corpid": self.corp_id, "corpsecret": self.secret}
        return self._fetch_access_token(url=f"{self.API_BASE_URL}gettoken", params=params)


class _Session(requests.Session):
    """Goes through ``Calls`` only: bounded, no redirects, nothing from the environment."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, BoundedAdapter(calls))

    def resolve_redirects(self, *_args: Any, **_kwargs: Any) -> Any:
        """None: a token must not follow to another host."""
        return iter(())


def _answered(work: Callable[[], Any]) -> Mapping[str, Any]:
    """What a call of wechatpy answered. Raises ``SendError``.

    It is raised outside the handler: the context of wechatpy's errors holds the whole address.
    """
    refused = SendError("an answer that is not WeCom's", unreachable=True, uncertain=True)
    try:
        found = work()
    except WeChatClientException as error:
        refused = _refusal(error)
    except (requests.RequestException, ValueError, TypeError, KeyError, AttributeError):
        pass  # what wechatpy lets through when the answer is somebody else's
    else:
        if isinstance(found, dict):
            return codes.checked(found)
    raise refused


def _refusal(error: WeChatClientException) -> SendError:
    if error.errcode is None:
        status = getattr(error.response, "status_code", "?")
        return SendError(f"HTTP {status}", unreachable=True, uncertain=True)
    return codes.failure(int(error.errcode), str(error.errmsg))


def _same(error: SendError) -> SendError:
    """A copy: one exception raised in many threads would gather all their traces."""
    return SendError(
        str(error),
        retry_after_s=error.retry_after_s,
        permanent=error.permanent,
        gone=error.gone,
        unreachable=error.unreachable,
        uncertain=error.uncertain,
    )
