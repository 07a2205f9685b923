"""Reports by HTTP."""

import re
from zoneinfo import ZoneInfo

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from bot.messages import Role
from bot.slots import Span, span
from store import reports
from store.reports import Seller, Summary
from store.skus import SkuView
from webhooks.api import openapi
from webhooks.api.parameters import SummaryQuery
from webhooks.api.problems import FieldFault, ProblemError
from webhooks.api.routing import answer, endpoint
from webhooks.api.schemas import ScarceOut, SellerOut, SummaryOut
from webhooks.shop import the_shop

_DATE = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_PERIOD = re.compile(
    r"today|yesterday|(?:this|last)_(?:week|month)|last_[1-9][0-9]{0,2}_days"
    rf"|{_DATE}(?:\.\.{_DATE})?|0[1-9]|1[0-2]"
)

api = APIBlueprint(
    "reports",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[openapi.MANAGERS],
    abp_security=openapi.BY_ADMIN,
    abp_responses=openapi.faults(401, 403, 503),
)


@api.get("/reports/summary", responses={200: SummaryOut, **openapi.faults(422)})
@endpoint(Role.VIEWER)
def summarise(query: SummaryQuery) -> Response:
    """The figures of a period of shop days, and what needs a hand now."""
    shop = the_shop()
    if not _PERIOD.fullmatch(query.period):
        raise ProblemError.fields(FieldFault("period", "is none of the known periods"))
    days = span(query.period, shop.now(), shop.settings.shop.zone)
    figures = shop.database.read(
        lambda tx: reports.summary(tx, start=days.start, end=days.end), snapshot=True
    )
    return answer(_out(days, figures, shop.settings.shop.zone))


def _out(days: Span, figures: Summary, zone: ZoneInfo) -> SummaryOut:
    return SummaryOut(
        period=days.word,
        from_=days.start.astimezone(zone).isoformat(),
        to=days.end.astimezone(zone).isoformat(),
        orders=figures.orders,
        units=figures.units,
        revenue_fen=figures.revenue_fen,
        paid_fen=figures.paid_fen,
        unpaid_orders=figures.unpaid_orders,
        cancelled=figures.cancelled,
        to_ship=figures.to_ship,
        top_sellers=[_seller(seller) for seller in figures.best],
        low_stock=[_scarce(sku) for sku in figures.low_stock],
        sold_out=[_scarce(sku) for sku in figures.sold_out],
    )


def _seller(seller: Seller) -> SellerOut:
    return SellerOut(
        sku=seller.sku, title=seller.title, units=seller.units, revenue_fen=seller.revenue_fen
    )


def _scarce(sku: SkuView) -> ScarceOut:
    return ScarceOut(
        sku=sku.code, title=sku.title, available=sku.available, reorder_point=sku.reorder_point
    )
