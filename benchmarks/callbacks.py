"""How soon a platform's callback is acknowledged while commands are being handled and answered."""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from benchmarks.commands import KINDS, SKUS
from benchmarks.serving import ROUNDS, Load, load, median, say, served
from store import inbox, skus
from store.db import Database, Tx
from store.skus import SkuDraft
from store.stock import Cause

IN_FLIGHT = 50
SECONDS = 2.0
CHATS = 50
APP, OWNER, KEY, TOKEN = "cli_bench", "ou_bench", "key-of-the-benchmark", "token-of-the-benchmark"
DRAINED_S = 120.0


def main() -> None:
    """Signed Feishu messages, each durable before it is acknowledged; a stand-in takes answers."""
    with _platform() as url, served(**_settings(url)) as server:
        database = Database(server.database_url)
        database.run(_stocked)
        say(f"callbacks by HTTP: {IN_FLIGHT} commands in flight, {SKUS} SKUs, SQLite FULL")
        say(f"  {SECONDS:.0f} s each, median of {ROUNDS}")
        runs = [_round(server.port, database) for _ in range(ROUNDS)]
        database.close()
    for name, figure in _FIGURES.items():
        say(f"  {name:24} {median([figure(run, drain_s) for run, drain_s in runs]):7.1f}")


_FIGURES: dict[str, Callable[[Load, float], float]] = {
    "acknowledged per second": lambda run, _: run.per_second,
    "p50 ms": lambda run, _: run.percentile(0.5),
    "p99 ms": lambda run, _: run.percentile(0.99),
    "handled per second": lambda run, drain_s: sum(run.codes.values()) / (run.seconds + drain_s),
}


def _round(port: int, database: Database) -> tuple[Load, float]:
    """One load, and the seconds until what it left was handled too."""
    run = load(port, connections=IN_FLIGHT, seconds=SECONDS, request=_request)
    if set(run.codes) != {200}:
        raise RuntimeError(f"answers other than 200: {run.codes}")
    began = time.perf_counter()
    while database.read(inbox.waiting):
        if time.perf_counter() - began > DRAINED_S:
            raise TimeoutError("the commands were not handled")
        time.sleep(0.02)
    return run, time.perf_counter() - began


def _stocked(tx: Tx) -> None:
    drafts = [SkuDraft(f"测试商品{n}", 1000, 0, stock=100) for n in range(SKUS)]
    skus.add_many(tx, drafts, cause=Cause("bench", "bench"))


def _settings(url: str) -> dict[str, str]:
    return {
        "ZHANGGUI__FEISHU__APP_ID": APP,
        "ZHANGGUI__FEISHU__APP_SECRET": "secret-of-the-benchmark",
        "ZHANGGUI__FEISHU__ENCRYPT_KEY": KEY,
        "ZHANGGUI__FEISHU__VERIFICATION_TOKEN": TOKEN,
        "ZHANGGUI__FEISHU__MODE": "callback",
        "ZHANGGUI__FEISHU__BASE_URL": url,
        "ZHANGGUI__MEMBERS__OWNERS": json.dumps([f"feishu:{OWNER}"]),
    }


def _request(number: int) -> bytes:
    """A command that the owner says in one of many direct chats."""
    text = list(KINDS.values())[number % len(KINDS)].format(n=number % SKUS)
    body = json.dumps({"encrypt": _encrypted(_event(number % CHATS, text))}).encode()
    timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
    signature = hashlib.sha256(f"{timestamp}{nonce}{KEY}".encode() + body).hexdigest()
    head = (
        "POST /webhooks/feishu HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"X-Lark-Request-Timestamp: {timestamp}\r\nX-Lark-Request-Nonce: {nonce}\r\n"
        f"X-Lark-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _event(chat: int, text: str) -> bytes:
    now_ms = str(int(time.time() * 1000))
    header = {
        "event_id": uuid.uuid4().hex,
        "token": TOKEN,
        "create_time": now_ms,
        "event_type": "im.message.receive_v1",
        "tenant_key": "bench",
        "app_id": APP,
    }
    message = {
        "message_id": f"om_{uuid.uuid4().hex}",
        "chat_id": f"oc_{chat}",
        "chat_type": "p2p",
        "message_type": "text",
        "create_time": now_ms,
        "content": json.dumps({"text": text}),
    }
    sender = {"sender_type": "user", "sender_id": {"open_id": OWNER}, "tenant_key": "bench"}
    event = {"sender": sender, "message": message}
    return json.dumps({"schema": "2.0", "header": header, "event": event}).encode()


def _encrypted(plain: bytes) -> str:
    """Feishu docs: 接收事件, the Encrypt Key."""
    padder, vector = PKCS7(128).padder(), secrets.token_bytes(16)
    cipher = Cipher(algorithms.AES256(hashlib.sha256(KEY.encode()).digest()), modes.CBC(vector))
    encryptor = cipher.encryptor()
    padded = padder.update(plain) + padder.finalize()
    return base64.b64encode(vector + encryptor.update(padded) + encryptor.finalize()).decode()


@contextmanager
def _platform() -> Iterator[str]:
    """The address of something that gives tokens and takes every message."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Taker(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({"bot": {"open_id": "ou_bot", "app_name": "bench", "activate_status": 2}})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = {"tenant_access_token": "t-bench", "expire": 7200}
        self._answer({**token, "data": {"message_id": f"om_{uuid.uuid4().hex}"}})

    def log_message(self, *_: Any) -> None:
        """Nothing to say."""

    def _answer(self, members: dict[str, Any]) -> None:
        body = json.dumps({"code": 0, "msg": "ok", **members}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
