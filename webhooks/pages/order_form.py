"""The storefront's order form: reading what was typed, and saying what is wrong with it."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from store import errors, money
from store.errors import StoreError
from webhooks.api.schemas import OrderIn

MOST_TYPED = 400  # more than any field takes, less than anybody wants back
_KEY = re.compile(r"[0-9A-Za-z_-]{16,64}")
_CHOICE = re.compile(r"(.+)@([0-9]{1,12})", re.DOTALL)
_QUANTITY = re.compile(r"[0-9]{1,9}")
_FULL_WIDTH_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True, slots=True)
class OrderForm:
    """The form as it stands: what was typed, what is wrong with it by field, and as a whole.

    ``key`` was made with the form: sent twice, it is one order. ``price_fen`` is what the customer
    saw. ``error`` stands above the form.
    """

    key: str
    code: str = ""
    price_fen: int | None = None
    quantity: str = "1"
    name: str = ""
    phone: str = ""
    address: str = ""
    remark: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    def body(self, customer_id: str) -> dict[str, Any]:
        """The same as a client of the API would send it."""
        quantity = self.quantity.strip().translate(_FULL_WIDTH_DIGITS)
        return {
            "customer_id": customer_id,
            "lines": [
                {
                    "sku": self.code,
                    "quantity": int(quantity) if _QUANTITY.fullmatch(quantity) else 0,
                    **({} if self.price_fen is None else {"price_fen": self.price_fen}),
                }
            ],
            "contact": {"name": self.name.strip(), "phone": self.phone, "address": self.address},
            "remark": self.remark,
            "channel": "h5",
        }

    def checked(self, customer_id: str) -> OrderIn:
        """The order by the API's own rules; raises ``FormError``."""
        if not self.code:
            faults = {"choice": _FAULTS["choice"]}
            raise FormError(replace(self, faults=faults, error=_LOOK_BELOW))
        try:
            return OrderIn.model_validate(self.body(customer_id))
        except ValidationError as error:
            parts = (str(fault["loc"][-1]) for fault in error.errors())
            faults = {field: _FAULTS[field] for field in (_FIELDS.get(p, "choice") for p in parts)}
            raise FormError(replace(self, faults=faults, error=_LOOK_BELOW)) from error

    def refused(self, error: StoreError) -> "OrderForm":
        """The form again, with why the shop did not take it."""
        sentence = _REFUSALS.get(type(error), _unknown)(error)
        used = isinstance(error, errors.IdempotencyKeyReusedError)
        if isinstance(error, errors.InsufficientStockError):
            return replace(self, error=_LOOK_BELOW, faults={"quantity": sentence})
        return replace(self, error=sentence, faults={}, key=new_key() if used else self.key)

    def put_off(self) -> "OrderForm":
        """The form again, for somebody who orders too often."""
        return replace(self, error="下单太频繁了，请过一分钟再试。Too many orders; wait a minute.")


class FormError(Exception):
    """Something in the form cannot be; ``form`` says what."""

    def __init__(self, form: OrderForm) -> None:
        super().__init__(", ".join(form.faults))
        self.form = form


def new_key() -> str:
    """An idempotency key for one form."""
    return secrets.token_urlsafe(16)


def read(form: Mapping[str, str]) -> OrderForm:
    """What was typed; a missing or strange key becomes a new one."""
    key = form.get("key", "")
    choice = _CHOICE.fullmatch(form.get("choice", ""))

    def typed(name: str) -> str:
        return form.get(name, "")[:MOST_TYPED]

    return OrderForm(
        key=key if _KEY.fullmatch(key) else new_key(),
        code=choice[1] if choice else "",
        price_fen=int(choice[2]) if choice else None,
        quantity=typed("quantity"),
        name=typed("name"),
        phone=typed("phone"),
        address=typed("address"),
        remark=typed("remark"),
    )


_LOOK_BELOW = "还没有下单，请看下面标红的地方。Not ordered yet, please look below."
# The last part of a field's path in the API -> the field of the form.
_FIELDS = {
    "sku": "choice",
    "price_fen": "choice",
    "quantity": "quantity",
    "name": "name",
    "phone": "phone",
    "address": "address",
    "remark": "remark",
}
_FAULTS = {
    "choice": "请选择一个规格",
    "quantity": "数量请填 1 到 9999 的整数",
    "name": "请填写姓名（最多 50 个字）",
    "phone": "请检查电话号码",
    "address": "地址最多 200 个字，不能有特殊符号",
    "remark": "备注最多 200 个字，不能有特殊符号",
}

_BUSY = "店里正忙，请再点一次提交，不会重复下单。Busy, please try again."
_Sentence = Callable[[Any], str]


def _short(error: errors.InsufficientStockError) -> str:
    available = error.lines[0].available
    if available <= 0:
        return "刚刚售罄了。Sold out a moment ago."
    return f"只剩 {available} 件，请减少数量。Only {available} left."


def _repriced(error: errors.PriceChangedError) -> str:
    line = error.lines[0]
    before, after = money.to_yuan(line.quoted_fen), money.to_yuan(line.price_fen)
    return f"价格变了：原来 ¥{before}，现在 ¥{after}。接受的话请再提交一次。The price has changed."


def _unknown(_: StoreError) -> str:
    return "没有下单成功，请检查后再试。The order was not taken."


def _said(sentence: str) -> _Sentence:
    return lambda _: sentence


_REFUSALS: dict[type[StoreError], _Sentence] = {
    errors.InsufficientStockError: _short,
    errors.PriceChangedError: _repriced,
    errors.ShopClosedError: _said("店铺打烊了，暂不接单。The shop is closed."),
    errors.SkuNotFoundError: _said("这个规格已经没有了，请重新选择。No longer for sale."),
    errors.SkuNotForSaleError: _said("这个规格已下架，请重新选择。No longer for sale."),
    errors.IdempotencyKeyReusedError: _said(
        "这张表单已经下过单了。如果想再下一单，请再点一次提交。This form was ordered already."
    ),
    errors.BusyError: _said(_BUSY),
    errors.UnavailableError: _said(_BUSY),
}
