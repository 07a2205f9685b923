"""What an order's state is called on the customer's page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from store.models import OrderStatus
from store.orders import OrderView


@dataclass(frozen=True, slots=True)
class Words:
    """A state in Chinese, in English, and what it means for the customer."""

    title: str
    english: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way; ``at`` as people write it, "" when it is not known."""

    name: str
    done: bool
    at: str


_WORDS: dict[str, Words] = {
    OrderStatus.PENDING_PAYMENT: Words(
        "等待付款", "Waiting for payment", "货已为你留好，请尽快付款。"
    ),
    OrderStatus.CONFIRMED: Words("下单成功", "Order received", "货已为你留好，店家正在处理。"),
    OrderStatus.PAID: Words("已付款", "Paid", "店家已收到付款，正在备货。"),
    OrderStatus.SHIPPED: Words("已发货", "Shipped", "货已发出，请留意收货。"),
    OrderStatus.COMPLETED: Words("已完成", "Completed", "谢谢惠顾，欢迎再来。"),
    OrderStatus.CANCELLED: Words("已取消", "Cancelled", "这张订单已经取消。"),
    OrderStatus.EXPIRED: Words("已过期", "Expired", "超过付款时间，订单已自动取消。"),
    OrderStatus.REFUNDING: Words("退款中", "Refund under way", "退款正在处理。"),
    OrderStatus.REFUNDED: Words("已退款", "Refunded", "款项已退回。"),
}
_ENDED = (OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REFUNDING, OrderStatus.REFUNDED)


def of(order: OrderView) -> Words:
    """The words for the order's state."""
    return _WORDS[order.status]


def steps(order: OrderView, when: Callable[[datetime | None], str]) -> list[Step]:
    """The way from order to receipt; empty for an order that ended otherwise."""
    if order.status in _ENDED:
        return []
    completed = order.status == OrderStatus.COMPLETED  # without shipping: handed over
    return [
        Step("下单", done=True, at=when(order.created_at)),
        Step("付款", done=order.paid_at is not None, at=when(order.paid_at)),
        Step("发货", done=order.shipped_at is not None or completed, at=when(order.shipped_at)),
        Step("完成", done=completed, at=when(order.completed_at)),
    ]


def unpaid(order: OrderView) -> bool:
    """Whether the customer still has to pay."""
    return order.paid_at is None and order.status not in (*_ENDED, OrderStatus.COMPLETED)
