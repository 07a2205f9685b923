"""The first tables."""

import sqlalchemy as sa
from alembic import op

from store.migrations import steps

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _product()
    _sku()
    _search_token()
    _stock_movement()
    _orders()
    _order_line()
    _order_event()
    _idempotency_key()
    _inbox()
    _outbox()
    _member()
    _chat()
    _subscription()
    _dialogue()
    _audit_entry()
    _one_time_code()
    _shop_state()
    _job_run()
    _lease()


def downgrade() -> None:
    """Drop every table, those that point at others first."""
    for name in (
        "lease",
        "job_run",
        "shop_state",
        "one_time_code",
        "audit_entry",
        "dialogue",
        "subscription",
        "chat",
        "member",
        "outbox",
        "inbox",
        "idempotency_key",
        "order_event",
        "order_line",
        "orders",
        "stock_movement",
        "search_token",
        "sku",
        "product",
    ):
        steps.drop_table(name)


def _product() -> None:
    steps.create_table(
        "product",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(120), nullable=False),
        sa.Column("initials", sa.String(120), nullable=False),
        sa.Column("description", sa.String(2000), nullable=False),
        sa.Column("category", sa.String(120), nullable=False),
        sa.Column("image_url", sa.String(500), nullable=False),
        sa.Column("spec_schema", steps.JSON, nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("name_key", name=op.f("uq_product_name_key")),
    )
    steps.create_index("ix_product_category", "product", ["category"])
    steps.create_index("ix_product_initials", "product", ["initials"])


def _sku() -> None:
    steps.create_table(
        "sku",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("product_id", steps.BIG_ID, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("specs", steps.JSON, nullable=False),
        sa.Column("specs_key", sa.String(700), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("reorder_point", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.Column("updated_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_sku_product_id")),
        sa.UniqueConstraint("code", name=op.f("uq_sku_code")),
        sa.UniqueConstraint("product_id", "specs_key", name=op.f("uq_sku_product_id_specs_key")),
        sa.CheckConstraint("reserved <= on_hand", name=op.f("ck_sku_available")),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_sku_on_hand")),
        sa.CheckConstraint("price_fen > 0", name=op.f("ck_sku_price")),
        sa.CheckConstraint("reorder_point >= 0", name=op.f("ck_sku_reorder_point")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_sku_reserved")),
    )
    steps.create_index("ix_sku_status", "sku", ["status"])


def _search_token() -> None:
    steps.create_table(
        "search_token",
        sa.Column("token", sa.String(8), nullable=False),
        sa.Column("sku_id", steps.BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("token", "sku_id", name=op.f("pk_search_token")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_search_token_sku_id")),
        sqlite_with_rowid=False,
    )
    steps.create_index("ix_search_token_sku_id", "search_token", ["sku_id"])


def _stock_movement() -> None:
    steps.create_table(
        "stock_movement",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("sku_id", steps.BIG_ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("delta_on_hand", sa.BigInteger(), nullable=False),
        sa.Column("delta_reserved", sa.BigInteger(), nullable=False),
        sa.Column("on_hand_after", sa.BigInteger(), nullable=False),
        sa.Column("reserved_after", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(190), nullable=False),
        sa.Column("actor", sa.String(190), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("alert", sa.String(16), nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_stock_movement_sku_id")),
        sa.UniqueConstraint(
            "cause", "kind", "sku_id", name=op.f("uq_stock_movement_cause_kind_sku_id")
        ),
        sa.CheckConstraint("on_hand_after >= 0", name=op.f("ck_stock_movement_on_hand_after")),
        sa.CheckConstraint("reserved_after >= 0", name=op.f("ck_stock_movement_reserved_after")),
    )
    steps.create_index("ix_stock_movement_created_at", "stock_movement", ["created_at"])
    steps.create_index("ix_stock_movement_sku_id_id", "stock_movement", ["sku_id", "id"])


def _orders() -> None:
    steps.create_table(
        "orders",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("order_no", sa.String(10), nullable=False),
        sa.Column("token", sa.String(43), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("remark", sa.String(200), nullable=False),
        sa.Column("contact_sealed", sa.Text(), nullable=True),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("shipping_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("attention", sa.String(20), nullable=True),
        sa.Column("carrier", sa.String(40), nullable=True),
        sa.Column("tracking_no", sa.String(40), nullable=True),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.Column("expires_at", steps.INSTANT, nullable=True),
        sa.Column("paid_at", steps.INSTANT, nullable=True),
        sa.Column("shipped_at", steps.INSTANT, nullable=True),
        sa.Column("completed_at", steps.INSTANT, nullable=True),
        sa.Column("cancelled_at", steps.INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_no", name=op.f("uq_orders_order_no")),
        sa.CheckConstraint(
            "refunded_fen >= 0 AND refunded_fen <= total_fen", name=op.f("ck_orders_refunded")
        ),
        sa.CheckConstraint("total_fen >= 0", name=op.f("ck_orders_total")),
    )
    steps.create_index("ix_orders_created_at", "orders", ["created_at"])
    steps.create_index("ix_orders_customer_id_id", "orders", ["customer_id", "id"])
    steps.create_index("ix_orders_status_id", "orders", ["status", "id"])


def _order_line() -> None:
    steps.create_table(
        "order_line",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("order_id", steps.BIG_ID, nullable=False),
        sa.Column("sku_id", steps.BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku_code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("specs", steps.JSON, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_order_line_sku_id")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
        sa.CheckConstraint("price_fen > 0", name=op.f("ck_order_line_price")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity")),
    )
    steps.create_index("ix_order_line_sku_id", "order_line", ["sku_id"])


def _order_event() -> None:
    steps.create_table(
        "order_event",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("order_id", steps.BIG_ID, nullable=False),
        sa.Column("from_status", sa.String(16), nullable=False),
        sa.Column("to_status", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(190), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_event")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_event_order_id")),
    )
    steps.create_index("ix_order_event_created_at", "order_event", ["created_at"])
    steps.create_index("ix_order_event_order_id", "order_event", ["order_id"])


def _idempotency_key() -> None:
    steps.create_table(
        "idempotency_key",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("scope", sa.String(190), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", steps.JSON, nullable=True),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("scope", "key", name=op.f("uq_idempotency_key_scope_key")),
    )
    steps.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def _inbox() -> None:
    steps.create_table(
        "inbox",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("message_id", sa.String(120), nullable=False),
        sa.Column("chat_id", sa.String(120), nullable=False),
        sa.Column("user_id", sa.String(120), nullable=False),
        sa.Column("message", steps.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reply", steps.JSON, nullable=True),
        sa.Column("received_at", steps.INSTANT, nullable=False),
        sa.Column("handled_at", steps.INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("platform", "message_id", name=op.f("uq_inbox_platform_message_id")),
        sqlite_autoincrement=True,
    )
    steps.create_index("ix_inbox_received_at", "inbox", ["received_at"])
    steps.create_index("ix_inbox_state_id", "inbox", ["state", "id"])


def _outbox() -> None:
    steps.create_table(
        "outbox",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("dedupe_key", sa.String(250), nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("target", sa.String(140), nullable=False),
        sa.Column("payload", steps.JSON, nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", steps.INSTANT, nullable=False),
        sa.Column("leased_by", sa.String(64), nullable=True),
        sa.Column("leased_until", steps.INSTANT, nullable=True),
        sa.Column("last_error", sa.String(200), nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.Column("sent_at", steps.INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
        sqlite_autoincrement=True,
    )
    steps.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    steps.create_index("ix_outbox_state_target_id", "outbox", ["state", "target", "id"])
    steps.create_index("ix_outbox_target_id", "outbox", ["target", "id"])


def _member() -> None:
    steps.create_table(
        "member",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("user_id", sa.String(120), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("person", sa.String(140), nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.Column("updated_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("platform", "user_id", name=op.f("uq_member_platform_user_id")),
    )


def _chat() -> None:
    steps.create_table(
        "chat",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("quiet_hours", sa.String(11), nullable=False),
        sa.Column("bound_at", steps.INSTANT, nullable=True),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat")),
        sa.UniqueConstraint("platform", "chat_id", name=op.f("uq_chat_platform_chat_id")),
    )


def _subscription() -> None:
    steps.create_table(
        "subscription",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("chat_id", steps.BIG_ID, nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("at", sa.String(5), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_subscription_chat_id")),
        sa.UniqueConstraint("chat_id", "topic", name=op.f("uq_subscription_chat_id_topic")),
    )


def _dialogue() -> None:
    steps.create_table(
        "dialogue",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.String(120), nullable=False),
        sa.Column("user_id", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("command", steps.JSON, nullable=False),
        sa.Column("expires_at", steps.INSTANT, nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dialogue")),
        sa.UniqueConstraint(
            "platform", "chat_id", "user_id", name=op.f("uq_dialogue_platform_chat_id_user_id")
        ),
        sqlite_autoincrement=True,
    )


def _audit_entry() -> None:
    steps.create_table(
        "audit_entry",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("actor", sa.String(190), nullable=False),
        sa.Column("origin", sa.String(190), nullable=False),
        sa.Column("intent", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("slots", steps.JSON, nullable=False),
        sa.Column("changes", steps.JSON, nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    steps.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor", "id"])
    steps.create_index("ix_audit_entry_created_at", "audit_entry", ["created_at"])


def _one_time_code() -> None:
    steps.create_table(
        "one_time_code",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(190), nullable=False),
        sa.Column("expires_at", steps.INSTANT, nullable=False),
        sa.Column("used_at", steps.INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_one_time_code_digest")),
    )


def _shop_state() -> None:
    steps.create_table(
        "shop_state",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.String(190), nullable=False),
        sa.Column("changed_at", steps.INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_state")),
        sa.CheckConstraint("id = 1", name=op.f("ck_shop_state_one")),
    )


def _job_run() -> None:
    steps.create_table(
        "job_run",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("job", sa.String(32), nullable=False),
        sa.Column("slot", sa.String(32), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("ran_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sa.UniqueConstraint("job", "slot", name=op.f("uq_job_run_job_slot")),
    )
    steps.create_index("ix_job_run_ran_at", "job_run", ["ran_at"])


def _lease() -> None:
    steps.create_table(
        "lease",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
