"""The shapes of the API: what comes in is checked to the last field, what goes out is described.

Money is integer fen, stock integer units, ids are text, times RFC 3339. The texts of fields end up
in the OpenAPI document.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from store import catalogue, names
from store.models import OrderStatus
from webhooks.api.fields import (
    Address,
    Category,
    ContactName,
    CustomerId,
    Name,
    Note,
    Phone,
    PriceFen,
    Quantity,
    Remark,
    Short,
    SkuCode,
    Specs,
    Units,
)
from webhooks.api.problems import FieldFault, ProblemError

MOST_LINES = 5000  # as sent; 50 after equal SKUs are summed


class Input(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True)


# Orders


class ContactIn(Input):
    """Where the goods go."""

    name: ContactName
    phone: Phone
    address: Address = ""


class LineIn(Input):
    """So many units of a SKU."""

    sku: SkuCode
    quantity: Quantity
    price_fen: PriceFen | None = Field(
        None, description="the price the customer saw; another one is refused"
    )


class OrderIn(Input):
    """An order as a customer sends it."""

    customer_id: CustomerId
    lines: list[LineIn] = Field(
        min_length=1, max_length=MOST_LINES, description="1 to 50 after equal SKUs are summed"
    )
    contact: ContactIn | None = None
    remark: Remark = ""
    channel: Literal["api", "h5", "chat", "pos"] = "api"


class LineOut(Output):
    """A line as it was sold."""

    sku: str
    name: str
    specs: dict[str, str]
    quantity: int
    price_fen: int
    total_fen: int


class OrderBase(Output):
    """What every order answer says."""

    order_no: str
    status: OrderStatus
    total_fen: int = Field(description="shipping included")
    shipping_fen: int
    lines: list[LineOut]
    channel: str
    created_at: str
    expires_at: str | None


class PlacedOut(OrderBase):
    """An accepted order, durable already."""

    token: str = Field(description="the customer's key to this order")


class ContactOut(Output):
    """The contact with its middle masked."""

    name: str
    phone: str
    address: str


class OrderOut(OrderBase):
    """An order as it stands."""

    paid_at: str | None
    shipped_at: str | None
    carrier: str | None
    tracking_no: str | None
    refunded_fen: int
    attention: str | None = Field(description="short, amount_mismatch, double_payment, or null")
    contact: ContactOut | None


class OrderPage(Output):
    """Orders, newest first."""

    items: list[OrderOut]
    next_cursor: str | None


class NothingIn(Input):
    """No fields."""


class ShipIn(Input):
    """The parcel, where there is one."""

    carrier: Short = ""
    tracking_no: Short = ""


class PaymentIn(Input):
    """How the customer wants to pay."""

    channel: Literal["wechat", "alipay"]
    scene: Literal["jsapi", "h5", "native", "wap", "page"]
    openid: Annotated[str, Field(max_length=128)] | None = None
    return_url: Annotated[str, Field(max_length=500)] | None = None


# SKUs and products


class SpecRule(Input):
    """What one spec may be."""

    values: list[str] | None = Field(None, description="the allowed values; null = any")
    required: Annotated[bool, Strict()] = True


class SkuIn(Input):
    """A new SKU; of a known name it joins that product."""

    name: Name
    price_fen: PriceFen
    code: SkuCode | None = None
    specs: Specs = Field(default_factory=dict)
    stock: Units = 0
    reorder_point: Units | None = Field(
        None, description="0 = no alerts; left out = the shop's default"
    )
    category: Category | None = None


class SkuEdit(Input):
    """What an edit of a SKU may not say."""

    @model_validator(mode="before")
    @classmethod
    def _no_stock(cls, value: Any) -> Any:
        if isinstance(value, dict) and "stock" in value:
            raise ProblemError("use_movements", "POST to the SKU's movements.")
        return value


class SkuPut(SkuEdit):
    """The editable fields of a SKU, all of them; what is left out goes back to its default."""

    name: Name
    price_fen: PriceFen
    code: SkuCode | None = None
    specs: Specs = Field(default_factory=dict)
    reorder_point: Units | None = None
    category: Category = ""
    status: Literal["on_sale", "delisted"] | None = None


class Patch(Input):
    """Fields to change: one that is left out stays, and null is no value."""

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        nulls = [name for name, item in value.items() if item is None and name in cls.model_fields]
        if nulls:
            raise ProblemError.fields(*(FieldFault(name, "must not be null") for name in nulls))
        return value


class SkuPatchIn(SkuEdit, Patch):
    """Some editable fields of a SKU. Name and category are the product's: its SKUs share them."""

    name: Name | None = None
    price_fen: PriceFen | None = None
    code: SkuCode | None = None
    specs: Specs | None = None
    reorder_point: Units | None = None
    category: Category | None = None
    status: Literal["on_sale", "delisted"] | None = None


class SkuOut(Output):
    """A SKU as managers see it."""

    code: str
    product_id: str
    name: str
    specs: dict[str, str]
    price_fen: int
    on_hand: int
    reserved: int
    available: int
    reorder_point: int
    category: str
    status: Literal["on_sale", "delisted"]
    version: int
    updated_at: str


class SkuPage(Output):
    """SKUs in the order they were added."""

    items: list[SkuOut]
    next_cursor: str | None


class MovementIn(Input):
    """A change of stock on hand."""

    kind: Literal["restock", "deduct", "stocktake"]
    quantity: Units = Field(description="units; of a stocktake what was counted, may be 0")
    note: Note = ""

    @field_validator("quantity")
    @classmethod
    def _something_moves(cls, quantity: int, info: ValidationInfo) -> int:
        if quantity == 0 and info.data.get("kind") in {"restock", "deduct"}:
            raise PydanticCustomError("nothing", "must be at least 1")
        return quantity


class MovementOut(Output):
    """A movement as it was booked."""

    id: str
    sku: str
    kind: str
    delta: int = Field(description="the change of stock on hand")
    on_hand: int
    reserved: int
    actor: str
    note: str
    created_at: str


class MovementPage(Output):
    """Movements, newest first."""

    items: list[MovementOut]
    next_cursor: str | None


class ProductSkuOut(Output):
    """A SKU as customers see it."""

    code: str
    specs: dict[str, str]
    price_fen: int
    available: int


class ProductOut(Output):
    """A product as customers see it."""

    id: str
    name: str
    description: str
    category: str
    image_url: str
    skus: list[ProductSkuOut]


class ProductDetail(ProductOut):
    """A product with what its specs may be."""

    spec_schema: dict[str, SpecRule]


class ProductPage(Output):
    """Products."""

    items: list[ProductOut]
    next_cursor: str | None


class ProductPatchIn(Patch):
    """Some fields of a product."""

    name: Name | None = None
    description: Annotated[str, Field(max_length=catalogue.MAX_DESCRIPTION)] | None = None
    category: Category | None = None
    spec_schema: Annotated[dict[str, SpecRule], Field(max_length=names.MAX_SPECS)] | None = None


class CategoryOut(Output):
    """A category with the number of products in and below it."""

    path: str
    name: str
    count: int
    leaf: bool


class CategoryPage(Output):
    """Categories."""

    items: list[CategoryOut]
    next_cursor: str | None


# Reports


class SellerOut(Output):
    """What was sold of a SKU; fen without shipping."""

    sku: str
    title: str
    units: int
    revenue_fen: int


class ScarceOut(Output):
    """A SKU at or under its reorder point."""

    sku: str
    title: str
    available: int
    reorder_point: int


class SummaryOut(Output):
    """A period in figures; to_ship, low_stock and sold_out are of the moment."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    period: str
    from_: str = Field(alias="from")
    to: str = Field(description="exclusive")
    orders: int = Field(description="without cancelled and expired ones")
    units: int
    revenue_fen: int = Field(description="shipping included, refunds taken off")
    paid_fen: int
    unpaid_orders: int
    cancelled: int
    to_ship: int
    top_sellers: list[SellerOut]
    low_stock: list[ScarceOut]
    sold_out: list[ScarceOut]


# Errors and operations


class FaultOut(Output):
    """One field at fault."""

    field: str
    message: str


class ProblemOut(Output):
    """An error (RFC 9457). ``code`` is stable; some codes add members."""

    type: str
    title: str
    status: int | str = Field(description="the HTTP status; with wrong_state the order's state")
    code: str
    detail: str | None = None
    errors: list[FaultOut] | None = None
    reference: str | None = Field(None, description="names the log line of a fault of ours")


class Health(Output):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Output):
    """What the process needs, and whether it has it."""

    checks: dict[str, str]
