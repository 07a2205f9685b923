"""The tables. No ``from __future__ import annotations`` here: SQLModel reads these annotations.

Table models do not validate; the edges and ``store.names`` do, and the constraints below say once
more what must hold. Every table is utf8mb4_bin on MySQL, so that both databases agree on case and
width; codes and keys are normalised before they get here.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only for INTEGER
Blob = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")  # MySQL's BLOB ends at 64 KiB


class Instant(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC with microseconds in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """DATETIME drops fractions on MySQL unless told."""
        return dialect.type_descriptor(
            mysql.DATETIME(fsp=6) if dialect.name == "mysql" else DateTime()
        )

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Refuse naive times: they are a bug of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """JSON as text: MySQL's own JSON type re-orders keys, and the chat shows the order typed."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MySQL's TEXT ends at 64 KiB."""
        return dialect.type_descriptor(mysql.MEDIUMTEXT() if dialect.name == "mysql" else Text())

    def process_bind_param(self, value: Any, _: Dialect) -> str | None:
        """Compact JSON, Chinese left readable."""
        return (
            None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )

    def process_result_value(self, value: str | None, _: Dialect) -> Any:
        """The value again."""
        return None if value is None else json.loads(value)


_MYSQL = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


# Rows of these tables are deleted in time, and SQLite would give their numbers out again: to
# whoever asks for what came after a number, or answers a question by it.
_NUMBERED_ONCE = {**_MYSQL, "sqlite_autoincrement": True}


class SkuStatus(StrEnum):
    """A SKU is never deleted, only taken off sale."""

    ON_SALE = "on_sale"
    DELISTED = "delisted"


class OrderStatus(StrEnum):
    """Every state an order can be in."""

    PENDING_PAYMENT = "pending_payment"
    CONFIRMED = "confirmed"
    PAID = "paid"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


class MovementKind(StrEnum):
    """Why stock changed."""

    RESTOCK = "restock"
    DEDUCT = "deduct"
    STOCKTAKE = "stocktake"
    RESERVE = "reserve"
    RELEASE = "release"
    SALE = "sale"
    RETURN = "return"
    UNDO = "undo"


class Product(SQLModel, table=True):
    """What a customer sees as one thing; its SKUs differ in specs.

    ``spec_schema``: list of ``{"key", "values": [...] | null, "required": bool}`` in display order.
    """

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("name_key"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(max_length=120)
    name_key: str = Field(max_length=120)
    initials: str = Field(default="", max_length=120, index=True)
    description: str = Field(default="", max_length=2000)
    category: str = Field(default="", max_length=120, index=True)
    image_url: str = Field(default="", max_length=500)
    spec_schema: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    demo: bool = False
    created_at: datetime = Field(sa_type=Instant)


class Sku(SQLModel, table=True):
    """One thing that is counted and sold. ``available = on_hand - reserved``.

    ``code`` is normalised; ``specs_key`` keeps twins out of a product; ``search_text`` is what
    search verifies against; ``version`` counts edits (not stock movements) for optimistic writes.
    """

    __tablename__ = "sku"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("product_id", "specs_key"),
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0", name="reserved"),
        CheckConstraint("reserved <= on_hand", name="available"),
        CheckConstraint("price_fen > 0", name="price"),
        CheckConstraint("reorder_point >= 0", name="reorder_point"),
        _MYSQL,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    product_id: int = Field(foreign_key="product.id", sa_type=BigId)
    code: str = Field(max_length=64)
    specs: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    specs_key: str = Field(default="", max_length=700)
    price_fen: int = Field(sa_type=BigInteger)
    on_hand: int = Field(default=0, sa_type=BigInteger)
    reserved: int = Field(default=0, sa_type=BigInteger)
    reorder_point: int = Field(default=0, sa_type=BigInteger)
    status: str = Field(default=SkuStatus.ON_SALE, max_length=16, index=True)
    search_text: str = Field(default="", sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)

    @property
    def available(self) -> int:
        """Units that may still be sold."""
        return self.on_hand - self.reserved


class SearchToken(SQLModel, table=True):
    """Single characters and pairs of a SKU's search text: the same search on every engine."""

    __tablename__ = "search_token"
    # All of it is key: without SQLite's own row numbers it is half as large, and faster to write.
    __table_args__ = ({**_MYSQL, "sqlite_with_rowid": False},)

    token: str = Field(max_length=8, primary_key=True)
    sku_id: int = Field(primary_key=True, foreign_key="sku.id", sa_type=BigId, index=True)


class StockMovement(SQLModel, table=True):
    """One change of one SKU's levels; append-only.

    ``alert``: the crossing it caused ("", "low" or "sold_out").
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        UniqueConstraint("cause", "kind", "sku_id"),
        Index(None, "sku_id", "id"),
        CheckConstraint("on_hand_after >= 0", name="on_hand_after"),
        CheckConstraint("reserved_after >= 0", name="reserved_after"),
        _MYSQL,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    sku_id: int = Field(foreign_key="sku.id", sa_type=BigId)
    kind: str = Field(max_length=16)
    delta_on_hand: int = Field(sa_type=BigInteger)
    delta_reserved: int = Field(sa_type=BigInteger)
    on_hand_after: int = Field(sa_type=BigInteger)
    reserved_after: int = Field(sa_type=BigInteger)
    cause: str = Field(max_length=190)
    actor: str = Field(max_length=190)
    note: str = Field(default="", max_length=200)
    alert: str = Field(default="", max_length=16)
    created_at: datetime = Field(sa_type=Instant, index=True)


class Order(SQLModel, table=True):
    """One customer order.

    ``contact_sealed`` is opened only by ``store.sealing``; ``token`` is the customer's key.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("order_no"),
        Index(None, "status", "id"),
        Index(None, "customer_id", "id"),
        CheckConstraint("total_fen >= 0", name="total"),
        CheckConstraint("refunded_fen >= 0 AND refunded_fen <= total_fen", name="refunded"),
        _MYSQL,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order_no: str = Field(max_length=10)
    token: str = Field(max_length=43)
    status: str = Field(max_length=16)
    customer_id: str = Field(max_length=64)
    channel: str = Field(max_length=8)
    remark: str = Field(default="", max_length=200)
    contact_sealed: str | None = Field(default=None, sa_type=Text)
    total_fen: int = Field(sa_type=BigInteger)
    shipping_fen: int = Field(default=0, sa_type=BigInteger)
    refunded_fen: int = Field(default=0, sa_type=BigInteger)
    attention: str | None = Field(default=None, max_length=20)
    carrier: str | None = Field(default=None, max_length=40)
    tracking_no: str | None = Field(default=None, max_length=40)
    created_at: datetime = Field(sa_type=Instant, index=True)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    paid_at: datetime | None = Field(default=None, sa_type=Instant)
    shipped_at: datetime | None = Field(default=None, sa_type=Instant)
    completed_at: datetime | None = Field(default=None, sa_type=Instant)
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)


class OrderLine(SQLModel, table=True):
    """A line as it was sold: name, specs and price are snapshots."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("price_fen > 0", name="price"),
        _MYSQL,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order_id: int = Field(foreign_key="orders.id", sa_type=BigId)
    sku_id: int = Field(foreign_key="sku.id", sa_type=BigId, index=True)
    position: int
    sku_code: str = Field(max_length=64)
    name: str = Field(max_length=120)
    specs: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    quantity: int
    price_fen: int = Field(sa_type=BigInteger)


class OrderEvent(SQLModel, table=True):
    """One step in an order's life, its creation included (``from_status`` empty then)."""

    __tablename__ = "order_event"
    __table_args__ = (_MYSQL,)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order_id: int = Field(foreign_key="orders.id", sa_type=BigId, index=True)
    from_status: str = Field(default="", max_length=16)
    to_status: str = Field(max_length=16)
    actor: str = Field(max_length=190)
    note: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_type=Instant, index=True)


class IdempotencyKey(SQLModel, table=True):
    """A remembered request and its answer, kept at least 48 h."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("scope", "key"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    scope: str = Field(max_length=190)
    key: str = Field(max_length=255)
    fingerprint: str = Field(max_length=64)
    answer: dict[str, Any] | None = Field(default=None, sa_type=Json)
    created_at: datetime = Field(sa_type=Instant, index=True)


class Inbox(SQLModel, table=True):
    """A message a platform delivered: at most one row while it is kept, so at most one effect.

    ``state``: received, then handled. ``message`` and ``reply`` are the bot's own JSON.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("platform", "message_id"),
        Index(None, "state", "id"),
        _NUMBERED_ONCE,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    platform: str = Field(max_length=16)
    message_id: str = Field(max_length=120)
    chat_id: str = Field(max_length=120)
    user_id: str = Field(max_length=120)
    message: dict[str, Any] = Field(sa_type=Json)
    state: str = Field(default="received", max_length=16)
    reply: dict[str, Any] | None = Field(default=None, sa_type=Json)
    received_at: datetime = Field(sa_type=Instant, index=True)
    handled_at: datetime | None = Field(default=None, sa_type=Instant)


class Outbox(SQLModel, table=True):
    """Something the shop must say to one chat, and what it became there.

    ``state``: pending, sent or dead; ``kind`` names how it is rendered. Once said, ``ref`` is what
    the platform takes to change it in place; ``revision`` rises when it should be. Rows of one
    ``batch`` (the number of the first) are said as one. ``unsure``: it may have arrived already.

    ``target`` is ``platform:chat id``. A sender owns the row until ``leased_until`` (database
    time).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index(None, "state", "target", "id"),
        Index(None, "target", "id"),
        _NUMBERED_ONCE,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    dedupe_key: str = Field(max_length=250)
    topic: str = Field(max_length=16)
    kind: str = Field(max_length=24)
    target: str = Field(max_length=140)
    payload: dict[str, Any] = Field(sa_type=Json)
    urgent: bool = False
    state: str = Field(default="pending", max_length=16)
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=Instant)
    leased_by: str | None = Field(default=None, max_length=64)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str = Field(default="", max_length=200)
    ref: str = Field(default="", max_length=255)
    revision: int = 0
    batch: int | None = Field(default=None, sa_type=BigInteger)
    unsure: bool = False
    created_at: datetime = Field(sa_type=Instant, index=True)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)


class Member(SQLModel, table=True):
    """A person on one platform and what they may do. ``person`` is shared by linked identities."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("platform", "user_id"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    platform: str = Field(max_length=16)
    user_id: str = Field(max_length=120)
    name: str = Field(default="", max_length=120)
    role: str = Field(default="none", max_length=16)
    person: str = Field(default="", max_length=140)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class Chat(SQLModel, table=True):
    """A chat the bot has been spoken to in. ``bound_at`` set: an owner made it the shop's.

    ``disabled``: why nothing can be said there any more, until somebody speaks there again.
    """

    __tablename__ = "chat"
    __table_args__ = (UniqueConstraint("platform", "chat_id"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    platform: str = Field(max_length=16)
    chat_id: str = Field(max_length=120)
    kind: str = Field(max_length=8)
    name: str = Field(default="", max_length=120)
    language: str = Field(default="zh", max_length=8)
    quiet_hours: str = Field(default="", max_length=11)
    disabled: str = Field(default="", max_length=80)
    bound_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class Attachment(SQLModel, table=True):
    """A file that goes with a reply, or that somebody sent; kept as long as deliveries are."""

    __tablename__ = "attachment"
    __table_args__ = (_NUMBERED_ONCE,)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(max_length=190)
    mime: str = Field(max_length=120)
    content: bytes = Field(sa_type=Blob)
    created_at: datetime = Field(sa_type=Instant, index=True)


class Subscription(SQLModel, table=True):
    """A chat hears of a topic.

    ``at``: its own time of day for scheduled topics, HH:MM, else empty.
    """

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("chat_id", "topic"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    chat_id: int = Field(foreign_key="chat.id", sa_type=BigId)
    topic: str = Field(max_length=16)
    at: str = Field(default="", max_length=5)


class Dialogue(SQLModel, table=True):
    """The one open question of one person in one chat.

    ``kind``: confirm or question. ``command``: ``{"intent", "slots", ...}`` that waits for the
    answer.
    """

    __tablename__ = "dialogue"
    __table_args__ = (UniqueConstraint("platform", "chat_id", "user_id"), _NUMBERED_ONCE)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    platform: str = Field(max_length=16)
    chat_id: str = Field(max_length=120)
    user_id: str = Field(max_length=120)
    kind: str = Field(max_length=16)
    command: dict[str, Any] = Field(sa_type=Json)
    expires_at: datetime = Field(sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class TimedState(StrEnum):
    """Where a timed act stands; ``on``: it was done, and is put back when it ends.

    What is ``cancelled`` stays as it was done; what is ``undone`` was not to have been.
    """

    WAITING = "waiting"
    ON = "on"
    DONE = "done"
    CANCELLED = "cancelled"
    UNDONE = "undone"
    FAILED = "failed"


class TimedAct(SQLModel, table=True):
    """A command to be done at a time, or put back at one, for whoever asked in that chat.

    ``slots`` are the command's, its SKUs by id; ``due_at`` is the next of ``begins_at`` (None: it
    was done when it was asked for) and ``ends_at``. ``changes`` is what it did and puts back (see
    ``store.journal``). ``origin``: the message that asked.
    """

    __tablename__ = "timed_act"
    __table_args__ = (
        UniqueConstraint("origin"),
        Index(None, "state", "due_at"),
        CheckConstraint("begins_at IS NOT NULL OR ends_at IS NOT NULL", name="moment"),
        _NUMBERED_ONCE,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    origin: str = Field(max_length=190)
    platform: str = Field(max_length=16)
    chat_id: str = Field(max_length=120)
    chat_kind: str = Field(max_length=8)
    user_id: str = Field(max_length=120)
    intent: str = Field(max_length=32)
    slots: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    state: str = Field(max_length=16)
    begins_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant, index=True)


class AuditEntry(SQLModel, table=True):
    """Who asked for what, and what came of it.

    ``changes`` is what undo reverses (see ``store.journal``).
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "actor", "id"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    actor: str = Field(max_length=190)
    origin: str = Field(default="", max_length=190)
    intent: str = Field(max_length=32)
    outcome: str = Field(max_length=32)
    slots: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    undone: bool = False
    created_at: datetime = Field(sa_type=Instant, index=True)


class OneTimeCode(SQLModel, table=True):
    """A code or link that works once: the owner's code, a sign-in link. Only the digest is kept."""

    __tablename__ = "one_time_code"
    __table_args__ = (UniqueConstraint("digest"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    purpose: str = Field(max_length=16)
    digest: str = Field(max_length=64)
    subject: str = Field(default="", max_length=190)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class ShopState(SQLModel, table=True):
    """The shop's one row: open for orders or not."""

    __tablename__ = "shop_state"
    __table_args__ = (CheckConstraint("id = 1", name="one"), _MYSQL)

    ONLY: ClassVar[int] = 1

    # MariaDB allows no CHECK on a column that numbers itself.
    id: int = Field(
        default=1, primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False}
    )
    open: bool = True
    changed_by: str = Field(default="", max_length=190)
    changed_at: datetime | None = Field(default=None, sa_type=Instant)


class JobRun(SQLModel, table=True):
    """A scheduled job ran for this slot; the unique pair makes it once."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "slot"), _MYSQL)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    job: str = Field(max_length=32)
    slot: str = Field(max_length=32)
    epoch: int = Field(sa_type=BigInteger)
    ran_at: datetime = Field(sa_type=Instant, index=True)


class Lease(SQLModel, table=True):
    """Who does the background work now.

    ``expires_at`` is in the database's clock; ``epoch`` fences stale holders.
    """

    __tablename__ = "lease"
    __table_args__ = (_MYSQL,)

    name: str = Field(max_length=32, primary_key=True)
    owner: str = Field(max_length=64)
    epoch: int = Field(sa_type=BigInteger)
    expires_at: datetime = Field(sa_type=Instant)
