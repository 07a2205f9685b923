"""The fake Feishu's long connection."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.fakes.feishu import (
    FakeFeishu,
)
from tests.fakes.feishu.fixtures import client, fake  # noqa: F401  # fixtures
from tests.fakes.feishu.frames import CONTROL, DATA, Frame, decode


def _address(feishu: FakeFeishu, **changes: str) -> dict[str, Any]:
    given = {"AppID": feishu.app_id, "AppSecret": feishu.app_secret, **changes}
    url = f"{feishu.base_url}/callback/ws/endpoint"
    return dict(httpx.post(url, json=given, trust_env=False).json())


@contextmanager
def _connected(feishu: FakeFeishu) -> Iterator[ClientConnection]:
    url = _address(feishu)["data"]["URL"]
    socket = connect(url, proxy=None, close_timeout=0.5)
    with socket:
        assert feishu.connected(5)
        yield socket


def _acking(socket: ClientConnection, code: int, answer: Any = None) -> threading.Thread:
    def run() -> None:
        payload, frame = b"", Frame(0, 0, 0, DATA, (("sum", "1"), ("seq", "-1")))
        while int(frame.header("seq")) + 1 < int(frame.header("sum")):
            frame = decode(bytes(socket.recv()))  # type: ignore[arg-type]  # binary frames only
            payload += frame.payload
        assert json.loads(payload)["schema"] == "2.0"
        ack: dict[str, Any] = {"code": code}
        if answer is not None:
            ack["data"] = base64.b64encode(json.dumps(answer).encode()).decode()
        headers = (*frame.headers, ("biz_rt", "3"))
        body = json.dumps(ack).encode()
        socket.send(Frame(frame.seq_id, frame.log_id, frame.service, DATA, headers, body).encode())

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_frames_are_those_of_the_sdk() -> None:
    frame = Frame(1, 2**63, -1, DATA, (("type", "event"), ("a", "")), b"{}")
    sdk = "0801108080808080808080800118ffffffffffffffffff0120012a0d0a04"
    sdk += "7479706512056576656e742a050a0161120042027b7d"
    assert frame.encode().hex() == sdk
    assert decode(frame.encode()) == frame
    with pytest.raises(ValueError, match="required"):
        decode(b"")


@pytest.mark.parametrize("parts", [1, 3])
def test_an_event_is_acknowledged_over_the_socket(feishu: FakeFeishu, parts: int) -> None:
    with _connected(feishu) as socket:
        client = _acking(socket, 200, {"toast": {"content": "好"}})
        ack = feishu.socket_push(feishu.text("a"), parts=parts)
        client.join(5)
    assert (ack.code, ack.answer, ack.biz_rt) == (200, {"toast": {"content": "好"}}, "3")


def test_a_refused_event_has_its_code_and_a_silent_client_none(feishu: FakeFeishu) -> None:
    with _connected(feishu) as socket:
        client = _acking(socket, 500)
        assert feishu.socket_push(feishu.text("a")).code == 500
        client.join(5)
        with pytest.raises(TimeoutError):
            feishu.socket_push(feishu.text("a"), timeout_s=0.05)


def test_pings_are_answered_unless_the_platform_is_silent(feishu: FakeFeishu) -> None:
    ping = Frame(0, 0, 7, CONTROL, (("type", "ping"),)).encode()
    with _connected(feishu) as socket:
        socket.send(ping)
        pong = decode(bytes(socket.recv(5)))  # type: ignore[arg-type]  # binary frames only
        assert (pong.header("type"), pong.service) == ("pong", 7)
        assert json.loads(pong.payload)["PingInterval"] == 1
        feishu.go_silent()
        socket.send(ping)
        with pytest.raises(TimeoutError):
            socket.recv(0.05)
        assert (feishu.pings, feishu.connections) == (1, 1)
        feishu.speak()
        socket.send(ping)
        assert socket.recv(5)


@pytest.mark.parametrize("clean", [True, False])
def test_connections_are_dropped(feishu: FakeFeishu, clean: bool) -> None:  # noqa: FBT001  # a parameter
    with _connected(feishu) as socket:
        dropping = threading.Thread(target=lambda: feishu.drop_connections(clean=clean))
        dropping.start()
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(5)
        dropping.join(5)
        assert (ended.value.rcvd is not None) is clean
    assert (feishu.connections, feishu.connects) == (0, 1)
    with pytest.raises(ConnectionError):
        feishu.socket_push(feishu.text("a"))


def test_an_address_needs_the_secret_and_serves_once(feishu: FakeFeishu) -> None:
    assert _address(feishu, AppSecret="x")["code"] == 514
    url = _address(feishu)["data"]["URL"]
    with connect(url, proxy=None):
        pass
    with pytest.raises(InvalidStatus) as refused:
        connect(url, proxy=None)
    assert refused.value.response.headers["handshake-status"] == "403"


def test_handshakes_are_refused_as_told(feishu: FakeFeishu) -> None:
    feishu.refuse_handshakes(1, code=1000040350)
    with pytest.raises(InvalidStatus) as refused:
        connect(_address(feishu)["data"]["URL"], proxy=None)
    headers = refused.value.response.headers
    assert (headers["handshake-status"], headers["handshake-autherrcode"]) == ("514", "1000040350")
    with _connected(feishu):
        pass
