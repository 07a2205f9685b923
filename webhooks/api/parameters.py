"""What requests say outside their bodies: paths, queries, headers."""

from typing import Literal

from pydantic import BaseModel, Field

from webhooks.api.fields import IdempotencyKey, Limit
from webhooks.api.schemas import Input


class SkuPath(BaseModel):
    """A SKU in a path."""

    code: str = Field(description="the SKU's code; a slash in it is sent as %2F")


class ProductPath(BaseModel):
    """A product in a path."""

    product_id: str


class OrderPath(BaseModel):
    """An order in a path."""

    order_no: str = Field(description="ten digits")


class PageQuery(Input):
    """A page of a list."""

    cursor: str = Field("", description="next_cursor of the page before")
    limit: Limit = 20


class ProductQuery(PageQuery):
    """What customers look for."""

    q: str = Field("", description="words, parts of words, pinyin initials", max_length=200)
    category: str = Field("", description="a path; what is below it is included", max_length=200)


class SkuQuery(ProductQuery):
    """What managers look for."""

    status: Literal["", "on_sale", "delisted"] = ""


class CategoryQuery(PageQuery):
    """Below which category."""

    parent: str = Field("", description="a path; empty = the top", max_length=200)


class MovementQuery(PageQuery):
    """Whose movements."""

    sku: str = Field("", description="a SKU's code; empty = every SKU", max_length=200)


class PeriodQuery(Input):
    """Days of the shop, both inclusive."""

    from_: str = Field(
        "", alias="from", description="YYYY-MM-DD or a time with offset", max_length=40
    )
    to: str = Field(
        "", description="YYYY-MM-DD (that day included) or a time with offset", max_length=40
    )


class OrderQuery(PeriodQuery, PageQuery):
    """Which orders."""

    status: str = Field("", description="one status, or several with commas", max_length=200)


class SummaryQuery(Input):
    """Which days."""

    period: str = Field(
        "today", description="today, yesterday, this_week, last_7_days, 11-24 …", max_length=40
    )


class IdempotencyHeader(BaseModel):
    """Makes a repeated request safe."""

    key: IdempotencyKey | None = Field(
        None,
        alias="Idempotency-Key",
        description="1 to 255 visible ASCII characters, one per intent",
    )


class MatchHeader(BaseModel):
    """Writes only what nobody changed meanwhile."""

    if_match: str | None = Field(
        None, alias="If-Match", description="the ETag of the SKU as it was read"
    )
