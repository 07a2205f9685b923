"""What all pages share: the shop as people see it, and how a page is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Response, make_response, render_template, request, url_for

from store import shop as opening
from store.errors import StoreError
from webhooks.shop import the_shop

DEFAULT_TITLE = "掌柜小店"
PICTURES = ("logo", "pay_qr")
_ADDRESS = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Front:
    """The shop as its pages show it; pictures are addresses, "" for none."""

    title: str
    notice: str
    contact: str
    logo: str
    pay_qr: str
    open: bool
    shipping_fee_fen: int
    free_from_fen: int


def front() -> Front:
    """The shop of the present request."""
    settings, terms = the_shop().settings.shop, the_shop().terms
    return Front(
        title=settings.name or DEFAULT_TITLE,
        notice=settings.notice,
        contact=settings.contact,
        logo=_address("logo", settings.logo),
        pay_qr=_address("pay_qr", settings.pay_qr),
        open=_open(),
        shipping_fee_fen=terms.shipping_fee_fen,
        free_from_fen=terms.free_from_fen,
    )


def page(
    template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> Response:
    """A page; never kept by browsers or proxies, for stock and orders change."""
    response = make_response(render_template(template, shop=front(), **context), status)
    response.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return response


def when(moment: datetime | None) -> str:
    """A time on the shop's clock, as people write it."""
    if moment is None:
        return ""
    return moment.astimezone(the_shop().settings.shop.zone).strftime("%m-%d %H:%M")


def secure() -> bool:
    """Whether the browser came by https, so that its cookies may be bound to it."""
    return request.is_secure or the_shop().settings.shop.public_url.startswith("https://")


def picture_file(name: str) -> Path | None:
    """The file of a picture of ``PICTURES``, None when it is an address or missing."""
    value: str = getattr(the_shop().settings.shop, name)
    if not value or value.startswith(_ADDRESS):
        return None
    return Path(value)


def _address(name: str, value: str) -> str:
    if not value or value.startswith(_ADDRESS):
        return value
    return url_for("pages.picture", name=name)


def _open() -> bool:
    try:
        return the_shop().database.read(opening.is_open)
    except StoreError:
        return True  # the page that says the database is away must not need it
