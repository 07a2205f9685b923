"""Orders per second by HTTP, durable, over many SKUs and one, with an audit after each cell."""

import json
import uuid
from collections.abc import Callable

from benchmarks.serving import Load, load, median, say, served
from store import audit, skus
from store.db import Database, Tx
from store.skus import SkuDraft
from store.stock import MAX_UNITS, Cause

SKUS = 200
SECONDS = 2.0
ROUNDS = 3
CONNECTIONS = (1, 8, 32)


def main() -> None:
    """Each cell: two seconds of orders of one line with a key of their own, median of three."""
    say("orders by HTTP: one line, idempotency key, SQLite with synchronous=FULL")
    say(f"  {SECONDS:.0f} s each, median of {ROUNDS}")
    say(f"  {'SKUs':>6} {'conns':>6} {'orders/s':>9} {'p50 ms':>8} {'p99 ms':>8}  audit")
    with served(ZHANGGUI__ORDERS__RATE_LIMIT="") as server:
        database = Database(server.database_url)
        codes = database.run(_stocked)
        for hot in (False, True):
            for connections in CONNECTIONS:
                _cell(server.port, database, codes[:1] if hot else codes, connections)
        database.close()


def _cell(port: int, database: Database, codes: list[str], connections: int) -> None:
    runs = [
        load(port, connections=connections, seconds=SECONDS, request=_order(codes))
        for _ in range(ROUNDS)
    ]
    for run in runs:
        if set(run.codes) != {201}:
            raise RuntimeError(f"answers other than 201: {run.codes}")
    faults = database.read(audit.check, snapshot=True).faults
    rate = _median(runs, lambda run: run.per_second)
    p50 = _median(runs, lambda run: run.percentile(0.5))
    p99 = _median(runs, lambda run: run.percentile(0.99))
    verdict = faults[0] if faults else "ok"
    say(f"  {len(codes):6} {connections:6} {rate:9.0f} {p50:8.1f} {p99:8.1f}  {verdict}")


def _median(runs: list[Load], figure: Callable[[Load], float]) -> float:
    return median([figure(run) for run in runs])


def _stocked(tx: Tx) -> list[str]:
    made = []
    for n in range(SKUS):
        draft = SkuDraft(f"bench {n}", 1000 + n, 0, code=f"BENCH-{n:04d}", stock=MAX_UNITS)
        made.append(skus.add(tx, draft, cause=Cause(f"bench:{n}", "bench")).code)
    return made


def _order(codes: list[str]) -> Callable[[int], bytes]:
    run = uuid.uuid4().hex

    def request(n: int) -> bytes:
        line = {"sku": codes[n % len(codes)], "quantity": 1}
        body = json.dumps({"customer_id": f"c{n % 1000}", "lines": [line]}).encode()
        head = (
            "POST /api/v1/orders HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {run}-{n}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return request
