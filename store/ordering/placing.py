"""Taking orders: as many as wait in one transaction, decided in the order in which they came.

The only place that decides an order. It speaks SQL in text, through the driver: of the time that an
order takes in a batch the ORM would be four fifths (``docs/performance.md``).
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy.exc import IntegrityError

from store import idempotency, outbox, shop
from store.db import RetryError, Tx
from store.errors import (
    IdempotencyKeyReusedError,
    InsufficientStockError,
    PriceChange,
    PriceChangedError,
    ShopClosedError,
    Shortage,
    SkuNotForSaleError,
    SkuNotFoundError,
    StoreError,
)
from store.idempotency import Key
from store.models import MovementKind, OrderStatus, SkuStatus
from store.ordering.requests import LineRequest, OrderRequest, Placed, Terms, checked
from store.sealing import Vault
from store.stock import crossing

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was checked (``requests.checked``), and the customer's key for it."""

    request: OrderRequest
    key: Key | None = None

    @property
    def scope(self) -> str:
        """Whose keys these are."""
        return f"order:{self.request.customer_id}"


Outcome = Placed | StoreError


def place(
    tx: Tx, request: OrderRequest, *, terms: Terms, vault: Vault, key: Key | None = None
) -> Placed:
    """Take one order. Raises ``InvalidValueError`` and what ``place_all`` would return."""
    [outcome] = place_all(tx, [Asked(checked(request), key)], terms=terms, vault=vault)
    if isinstance(outcome, StoreError):
        raise outcome
    return outcome


def place_all(tx: Tx, asked: Sequence[Asked], *, terms: Terms, vault: Vault) -> list[Outcome]:
    """Decide and write these orders; what is refused is returned in its place, not raised.

    SKU rows are locked in id order, each order is decided in memory in the order given, and what
    is accepted is written at once: levels by one guarded UPDATE, orders, lines, movements,
    broadcasts and answers in multi-row inserts. Each is decided in this order: a remembered key,
    shop open, SKUs known, on sale, prices, stock; all lines or none.
    """
    tx.flush()
    board = _Board(tx, asked, terms, vault)
    outcomes: list[Outcome] = []
    for one in asked:
        try:
            outcomes.append(board.decide(one))
        except StoreError as refused:
            outcomes.append(refused)
    board.write()
    tx.expire_all()  # what the session holds of these rows is old
    return outcomes


@dataclass(slots=True)
class _Goods:
    """A locked SKU, with what this batch has promised of it so far."""

    id: int
    code: str
    product_id: int
    specs: str
    price_fen: int
    on_hand: int
    reserved: int
    reorder_point: int
    status: str
    taken: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass(slots=True)
class _Accepted:
    """An order to be written."""

    asked: Asked
    order_no: str
    answer: dict[str, Any]
    order: _Row
    lines: list[_Row] = field(default_factory=list)  # without the order's id before them
    movements: list[_Row] = field(default_factory=list)
    alerts: list[tuple[_Row, dict[str, Any]]] = field(default_factory=list)


class _Board:
    """What a batch is decided on, and what it decided."""

    def __init__(self, tx: Tx, asked: Sequence[Asked], terms: Terms, vault: Vault) -> None:
        self._tx, self._terms, self._vault = tx, terms, vault
        self._stamp = tx.now.replace(tzinfo=None).isoformat(" ", "microseconds")
        self._told = tx.now.isoformat(timespec="milliseconds")
        self._known = _remembered(tx, asked)
        self._open = shop.is_open(tx)
        self._goods = _locked(tx, {line.sku for one in asked for line in one.request.lines})
        self._names = _product_names(tx, {row.product_id for row in self._goods.values()})
        self._accepted: list[_Accepted] = []

    def decide(self, asked: Asked) -> Placed:
        """Accept an order in memory; raises the refusal."""
        if asked.key is not None:
            known = self._known.get((asked.scope, asked.key.value))
            if known is not None:
                fingerprint, answer = known
                if fingerprint != asked.key.fingerprint:
                    raise IdempotencyKeyReusedError
                return Placed(answer["order_no"], answer, replayed=True)
        if not self._open:
            raise ShopClosedError
        rows = self._served(asked.request.lines)
        accepted = self._taken(asked, rows)
        self._accepted.append(accepted)
        if asked.key is not None:
            said = (asked.key.fingerprint, accepted.answer)
            self._known[asked.scope, asked.key.value] = said
        return Placed(accepted.order_no, accepted.answer, replayed=False)

    def _served(self, lines: Sequence[LineRequest]) -> list[_Goods]:
        goods = self._goods
        missing = [line.sku for line in lines if line.sku not in goods]
        if missing:
            raise SkuNotFoundError(*missing)
        pairs = [(goods[line.sku], line) for line in lines]
        delisted = [row.code for row, _ in pairs if row.status != SkuStatus.ON_SALE]
        if delisted:
            raise SkuNotForSaleError(*delisted)
        changed = [
            PriceChange(row.code, line.price_fen, row.price_fen)
            for row, line in pairs
            if line.price_fen is not None and line.price_fen != row.price_fen
        ]
        if changed:
            raise PriceChangedError(*changed)
        short = [
            Shortage(row.code, line.quantity, row.available)
            for row, line in pairs
            if row.available < line.quantity
        ]
        if short:
            raise InsufficientStockError(*short)
        return [row for row, _ in pairs]

    def _taken(self, asked: Asked, rows: Sequence[_Goods]) -> _Accepted:
        request, terms = asked.request, self._terms
        order_no = str(secrets.randbelow(9 * 10**9) + 10**9)  # to be said aloud, not enumerated
        token = secrets.token_urlsafe(24)
        status = str(OrderStatus.PENDING_PAYMENT if terms.online else OrderStatus.CONFIRMED)
        goods_fen = sum(
            row.price_fen * line.quantity for row, line in zip(rows, request.lines, strict=True)
        )
        shipping_fen = terms.shipping_fen(goods_fen)
        expires = self._tx.now + terms.reservation if terms.online else None
        contact = self._vault.seal(json.dumps(asdict(request.contact))) if request.contact else None
        answer: dict[str, Any] = {
            "order_no": order_no,
            "token": token,
            "status": status,
            "total_fen": goods_fen + shipping_fen,
            "shipping_fen": shipping_fen,
            "lines": [],
            "channel": request.channel,
            "created_at": self._told,
            "expires_at": expires.isoformat(timespec="milliseconds") if expires else None,
        }
        order = (
            order_no,
            token,
            status,
            request.customer_id,
            request.channel,
            request.remark,
            contact,
            goods_fen + shipping_fen,
            shipping_fen,
            self._stamp,
            expires.replace(tzinfo=None).isoformat(" ", "microseconds") if expires else None,
        )
        accepted = _Accepted(asked, order_no, answer, order)
        cause, actor = f"order:{order_no}", f"customer:{request.customer_id}"
        for position, (row, line) in enumerate(zip(rows, request.lines, strict=True)):
            self._promise(accepted, row, line, position, cause, actor)
        return accepted

    def _promise(  # noqa: PLR0917  (private, and called for each line)
        self,
        accepted: _Accepted,
        row: _Goods,
        line: LineRequest,
        position: int,
        cause: str,
        actor: str,
    ) -> None:
        name, before = self._names[row.product_id], row.available
        row.reserved += line.quantity
        row.taken += line.quantity
        alert = crossing(row, before)
        accepted.answer["lines"].append(
            {
                "sku": row.code,
                "name": name,
                "specs": _parsed(row.specs),
                "quantity": line.quantity,
                "price_fen": row.price_fen,
                "total_fen": row.price_fen * line.quantity,
            }
        )
        accepted.lines.append(
            (row.id, position, row.code, name, row.specs, line.quantity, row.price_fen)
        )
        movement = (row.id, line.quantity, row.on_hand, row.reserved, cause, actor, alert)
        accepted.movements.append(movement)
        if alert:
            told = {
                "sku": row.code,
                "name": name,
                "specs": _parsed(row.specs),
                "available": row.available,
                "reorder_point": row.reorder_point,
            }
            accepted.alerts.append((movement, told))

    def write(self) -> None:
        """Write what was accepted."""
        if not self._accepted:
            return
        self._reserve()
        ids = self._write_orders()
        stamp = self._stamp
        _insert(
            self._tx,
            "order_line(order_id,sku_id,position,sku_code,name,specs,quantity,price_fen)",
            ((ids[one.order_no], *line) for one in self._accepted for line in one.lines),
        )
        _insert(
            self._tx,
            "order_event(order_id,from_status,to_status,actor,note,created_at)",
            (
                (ids[one.order_no], "", one.order[2], f"customer:{one.order[3]}", "", stamp)
                for one in self._accepted
            ),
        )
        kind = str(MovementKind.RESERVE)
        _insert(
            self._tx,
            "stock_movement(sku_id,delta_reserved,on_hand_after,reserved_after,cause,actor,alert,"
            "kind,delta_on_hand,note,created_at)",
            ((*m, kind, 0, "", stamp) for one in self._accepted for m in one.movements),
        )
        self._write_keys()
        self._announce()

    def _reserve(self) -> None:
        """One UPDATE for all levels; the WHERE clause is the guard, the lock saves work."""
        taken = sorted((row.id, row.taken) for row in self._goods.values() if row.taken)
        case = "CASE id " + "WHEN ? THEN ? " * len(taken) + "END"
        flat = [value for pair in taken for value in pair]
        sql = (
            "UPDATE sku SET reserved = reserved + CASES "
            "WHERE id IN (?*) AND on_hand >= reserved + CASES"
        )
        ids = [sku_id for sku_id, _ in taken]
        found = _run(self._tx, sql.replace("CASES", case), *flat, ids, *flat)
        if found.rowcount != len(taken):
            raise RetryError  # no lock was held, whatever the database said

    def _write_orders(self) -> dict[str, int]:
        """The ids of the orders by their numbers."""
        try:
            _insert(
                self._tx,
                "orders(order_no,token,status,customer_id,channel,remark,contact_sealed,total_fen,"
                "shipping_fen,created_at,expires_at,refunded_fen)",
                ((*one.order, 0) for one in self._accepted),
            )
        except IntegrityError as error:
            raise RetryError from error  # somebody has one of the numbers: others are drawn
        numbers = [one.order_no for one in self._accepted]
        found = _run(
            self._tx,
            "SELECT order_no, id FROM orders WHERE order_no IN (?*)",
            numbers,
        )
        return dict(found.all())

    def _write_keys(self) -> None:
        rows = [
            (one.asked.scope, one.asked.key.value, one.asked.key.fingerprint, _json(one.answer))
            for one in self._accepted
            if one.asked.key is not None
        ]
        try:
            _insert(
                self._tx,
                "idempotency_key(scope,`key`,fingerprint,answer,created_at)",
                ((*row, self._stamp) for row in rows),
            )
        except IntegrityError as error:
            raise RetryError from error  # another process won the key meanwhile: look again

    def _announce(self) -> None:
        outbox.publish_all(
            self._tx,
            topic="orders",
            kind="order_new",
            events=[
                (f"order_new:{one.order_no}", {"order_no": one.order_no}) for one in self._accepted
            ],
        )
        alerts = [alert for one in self._accepted for alert in one.alerts]
        for movement, told in alerts:
            sku_id, cause, alert = movement[0], movement[4], movement[6]
            event = "sold_out" if alert == "sold_out" else "low_stock"
            found = _run(
                self._tx,
                "SELECT id FROM stock_movement WHERE cause = ? AND kind = ? AND sku_id = ?",
                cause,
                str(MovementKind.RESERVE),
                sku_id,
            )
            outbox.publish_all(
                self._tx,
                topic="low_stock",
                kind=event,
                events=[(f"{event}:{found.scalar_one()}", told)],
                urgent=True,  # it does not wait behind a thousand orders
            )


def remembered(tx: Tx, customer_id: str, key: Key) -> bool:
    """Whether this customer's request under this key was accepted before."""
    return idempotency.answered(tx, scope=f"order:{customer_id}", key=key)


def _remembered(tx: Tx, asked: Sequence[Asked]) -> dict[tuple[str, str], tuple[str, Any]]:
    """What was answered before under these keys: (scope, key) -> (fingerprint, answer)."""
    keys = list(dict.fromkeys((one.scope, one.key.value) for one in asked if one.key is not None))
    if not keys:
        return {}
    pairs = ", ".join(["(?, ?)"] * len(keys))
    values = pairs if tx.mysql else f"VALUES {pairs}"
    sql = (
        "SELECT scope, `key`, fingerprint, answer FROM idempotency_key "
        "WHERE (scope, `key`) IN (PAIRS)"
    )
    found = _run(tx, sql.replace("PAIRS", values), *(word for key in keys for word in key))
    return {
        (scope, key): (fingerprint, json.loads(answer)) for scope, key, fingerprint, answer in found
    }


def _locked(tx: Tx, codes: Iterable[str]) -> dict[str, _Goods]:
    """The SKUs with these codes, locked in id order until the transaction ends."""
    wanted = sorted(codes)
    # By id in two steps: read through the code index InnoDB would lock in the order of the codes.
    found = _run(tx, "SELECT id FROM sku WHERE code IN (?*)", wanted)
    ids = sorted(sku_id for (sku_id,) in found)
    if not ids:
        return {}
    sql = (
        "SELECT id, code, product_id, specs, price_fen, on_hand, reserved, reorder_point, status "
        "FROM sku WHERE id IN (?*) ORDER BY id"
    )
    rows = _run(tx, f"{sql} FOR UPDATE" if tx.mysql else sql, ids)
    goods = (_Goods(*row) for row in rows)
    return {row.code: row for row in goods if row.code in codes}


def _product_names(tx: Tx, ids: Iterable[int]) -> dict[int, str]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    found = _run(tx, "SELECT id, name FROM product WHERE id IN (?*)", wanted)
    return dict(found.all())


def _insert(tx: Tx, into: str, rows: Iterable[_Row]) -> None:
    """Write rows at once; ``into`` is ``table(columns)``."""
    values = list(rows)
    if values:
        marks = ", ".join("?" * len(values[0]))
        sql = _dialect(tx, f"INSERT INTO {into} VALUES ({marks})")  # noqa: S608  (names of ours)
        tx.connection().exec_driver_sql(sql, values)


def _run(tx: Tx, sql: str, *params: Any) -> Any:
    """Run a statement; ``?*`` stands for a list of values."""
    flat: list[Any] = []
    for param in params:
        if isinstance(param, list):
            sql = sql.replace("?*", ", ".join("?" * len(param)), 1)
            flat += param
        else:
            flat.append(param)
    return tx.connection().exec_driver_sql(_dialect(tx, sql), tuple(flat))


def _dialect(tx: Tx, sql: str) -> str:
    return sql.replace("?", "%s") if tx.mysql else sql


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=10_000)
def _parsed(specs: str) -> dict[str, str]:
    return dict(json.loads(specs))
