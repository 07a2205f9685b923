"""SKUs, their stock movements, and what managers change about products."""

import hashlib
import secrets
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from bot.messages import Role
from store import idempotency, journal, names, skus, stock
from store.db import Tx
from store.errors import InvalidValueError, SkuNotFoundError
from store.idempotency import Key
from store.models import SkuStatus
from store.skus import SkuDraft, SkuPatch, SkuView
from store.stock import Cause, MovementView
from webhooks.access import Caller
from webhooks.api import cursors, openapi
from webhooks.api.bodies import instant
from webhooks.api.parameters import IdempotencyHeader, MatchHeader, MovementQuery, SkuPath, SkuQuery
from webhooks.api.routing import answer, endpoint, nothing
from webhooks.api.schemas import (
    MovementIn,
    MovementOut,
    MovementPage,
    SkuIn,
    SkuOut,
    SkuPage,
    SkuPatchIn,
    SkuPut,
)
from webhooks.shop import the_shop

REPLAYED = {"Idempotency-Replayed": "true"}
_ALL_ERRORS = openapi.faults(400, 401, 403, 404, 409, 412, 413, 415, 422, 503)

api = APIBlueprint(
    "skus",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[openapi.MANAGERS],
    abp_security=openapi.BY_ADMIN,
    abp_responses=openapi.faults(401, 403, 503),
)


@api.get("/skus", responses={200: SkuPage, **openapi.faults(422)})
@endpoint(Role.VIEWER)
def list_skus(query: SkuQuery) -> Response:
    """SKUs in the order they were added, found by words, category or status."""
    found, after = the_shop().database.read(
        lambda tx: skus.page(
            tx,
            query=query.q,
            category=query.category,
            status=query.status,
            after=cursors.open_("sku", query.cursor) or 0,
            limit=query.limit,
        )
    )
    items = [sku_out(sku) for sku in found]
    return answer(SkuPage(items=items, next_cursor=cursors.seal("sku", after)))


@api.post("/skus", responses={201: SkuOut, **_ALL_ERRORS})
@endpoint(Role.MANAGER)
def add_sku(body: SkuIn, caller: Caller) -> Response:
    """Add a SKU, its product too when the name is new; initial stock is booked as a restock."""
    shop = the_shop()
    point = body.reorder_point
    draft = SkuDraft(
        name=body.name,
        price_fen=body.price_fen,
        reorder_point=shop.settings.shop.default_reorder_point if point is None else point,
        code=body.code,
        specs=body.specs,
        stock=body.stock,
        category=body.category,
    )

    def add(tx: Tx) -> SkuView:
        sku = skus.add(tx, draft, cause=_cause(caller))
        record(tx, caller, "add_sku", code=sku.code)
        return skus.view(tx, sku.code)

    sku = shop.database.run(add)
    return _shown(sku, 201, Location=f"/api/v1/skus/{quote(sku.code, safe='')}")


@api.get("/skus/<sku:code>", responses={200: SkuOut, **openapi.faults(404)})
@endpoint(Role.VIEWER)
def show_sku(path: SkuPath) -> Response:
    """A SKU; its ETag is for If-Match, and changes with edits, not with stock."""
    code = _code(path)
    return _shown(the_shop().database.read(lambda tx: skus.view(tx, code)))


@api.put("/skus/<sku:code>", responses={200: SkuOut, **_ALL_ERRORS})
@endpoint(Role.MANAGER)
def replace_sku(path: SkuPath, header: MatchHeader, body: SkuPut, caller: Caller) -> Response:
    """Replace the editable fields; stock is changed by movements."""
    point = body.reorder_point
    patch = SkuPatch(
        name=body.name,
        price_fen=body.price_fen,
        specs=body.specs,
        reorder_point=the_shop().settings.shop.default_reorder_point if point is None else point,
        category=body.category,
        status=body.status,
        code=body.code,
    )
    return _shown(_edited(path, header, patch, caller))


@api.patch("/skus/<sku:code>", responses={200: SkuOut, **_ALL_ERRORS})
@endpoint(Role.MANAGER)
def change_sku(path: SkuPath, header: MatchHeader, body: SkuPatchIn, caller: Caller) -> Response:
    """Change some fields; stock is changed by movements."""
    return _shown(_edited(path, header, SkuPatch(**body.model_dump()), caller))


@api.delete("/skus/<sku:code>", responses={204: None, **openapi.faults(404, 412)})
@endpoint(Role.MANAGER)
def delist_sku(path: SkuPath, header: MatchHeader, caller: Caller) -> Response:
    """Take a SKU off sale; it is never deleted, and doing it again changes nothing."""
    _edited(path, header, SkuPatch(status=SkuStatus.DELISTED), caller)
    return nothing()


@api.post("/skus/<sku:code>/movements", responses={201: MovementOut, **_ALL_ERRORS})
@endpoint(Role.STAFF)
def move_stock(
    path: SkuPath,
    header: IdempotencyHeader,
    body: MovementIn,
    value: dict[str, Any],
    caller: Caller,
) -> Response:
    """Restock, deduct, or book a count; with a key the same request again changes nothing."""
    code = _code(path)
    key = Key(header.key, idempotency.fingerprint(value)) if header.key else None
    work = partial(_move, code=code, body=body, key=key, caller=caller)
    booked, replayed = the_shop().database.run(work)
    return answer(booked, 201, REPLAYED if replayed else {})


@api.get("/movements", responses={200: MovementPage, **openapi.faults(422)})
@endpoint(Role.VIEWER)
def list_movements(query: MovementQuery) -> Response:
    """Movements, newest first, of one SKU or of all."""
    found, before = the_shop().database.read(
        lambda tx: stock.movements(
            tx,
            sku=query.sku or None,
            before=cursors.open_("movement", query.cursor),
            limit=query.limit,
        )
    )
    items = [movement_out(movement) for movement in found]
    return answer(MovementPage(items=items, next_cursor=cursors.seal("movement", before)))


def record(tx: Tx, caller: Caller, intent: str, **slots: Any) -> None:
    """Write who did what by HTTP into the journal, with everything this transaction changed."""
    journal.record(tx, actor=caller.actor, origin="http", intent=intent, slots=slots)


def sku_out(sku: SkuView) -> SkuOut:
    """A SKU as the API shows it."""
    return SkuOut(
        code=sku.code,
        product_id=str(sku.product_id),
        name=sku.name,
        specs=sku.specs,
        price_fen=sku.price_fen,
        on_hand=sku.on_hand,
        reserved=sku.reserved,
        available=sku.available,
        reorder_point=sku.reorder_point,
        category=sku.category,
        status=SkuStatus(sku.status).value,
        version=sku.version,
        updated_at=instant(sku.updated_at),
    )


def movement_out(movement: MovementView) -> MovementOut:
    """A movement as the API shows it."""
    return MovementOut(
        id=str(movement.id),
        sku=movement.sku,
        kind=movement.kind,
        delta=movement.delta_on_hand,
        on_hand=movement.on_hand,
        reserved=movement.reserved,
        actor=movement.actor,
        note=movement.note,
        created_at=instant(movement.created_at),
    )


def _shown(sku: SkuView, status: int = 200, **headers: str) -> Response:
    return answer(sku_out(sku), status, {"ETag": f'"{sku.version}"', **headers})


def _edited(path: SkuPath, header: MatchHeader, patch: SkuPatch, caller: Caller) -> SkuView:
    code = _code(path)

    def edit(tx: Tx) -> SkuView:
        version = _version(tx, code, header.if_match)
        edited = skus.edit(tx, code=code, patch=patch, cause=_cause(caller), version=version)
        if edited.after != edited.before:
            record(tx, caller, _intent(patch), code=edited.after.code)
        return skus.view(tx, edited.after.code)

    return the_shop().database.run(edit)


def _intent(patch: SkuPatch) -> str:
    if patch == SkuPatch(status=patch.status):
        return "delist" if patch.status == SkuStatus.DELISTED else "relist"
    return "set_price" if patch == SkuPatch(price_fen=patch.price_fen) else "edit_sku"


def _version(tx: Tx, code: str, if_match: str | None) -> int | None:
    """The version an edit must find: None for any, one that never is when no ETag given fits."""
    if if_match is None or if_match.strip() == "*":
        return None
    present = skus.view(tx, code).version
    given = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    return present if str(present) in given else -1


def _move(
    tx: Tx, *, code: str, body: MovementIn, key: Key | None, caller: Caller
) -> tuple[dict[str, Any], bool]:
    """Book a movement, or find the answer that its key already has."""
    remembered = None
    if key is not None:
        sku_id = stock.lock(tx, [code])[0].id  # the SKU, not its code: codes may change hands
        digest = hashlib.sha256(f"{caller.actor}\n{sku_id}".encode()).hexdigest()
        remembered = idempotency.begin(tx, scope=f"movement:{digest}", key=key)
        if remembered.answer is not None:
            return remembered.answer, True
    cause = _cause(caller, body.note)
    level = _MOVES[body.kind](tx, code, body.quantity, cause)
    booked = movement_out(stock.movement(tx, level.movement_id)).model_dump()
    record(tx, caller, body.kind, code=code, quantity=body.quantity)
    if remembered is not None:
        remembered.answer = booked
        tx.add(remembered)
    return booked, False


_MOVES = {
    "restock": lambda tx, sku, units, cause: stock.receive(
        tx, sku=sku, quantity=units, cause=cause
    ),
    "deduct": lambda tx, sku, units, cause: stock.deduct(tx, sku=sku, quantity=units, cause=cause),
    "stocktake": lambda tx, sku, units, cause: stock.count(tx, sku=sku, counted=units, cause=cause),
}


def _cause(caller: Caller, note: str = "") -> Cause:
    return Cause(f"http:{secrets.token_hex(16)}", caller.actor, note)


def _code(path: SkuPath) -> str:
    """The code in a path; nothing has an ill-formed one."""
    try:
        return names.sku_code(path.code)
    except InvalidValueError as error:
        raise SkuNotFoundError(path.code) from error
