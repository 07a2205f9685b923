"""The administration page: a SKU table to read, behind a one-time link."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.messages import Role
from store import codes, members, skus
from store.db import Tx
from store.errors import BadCodeError
from store.models import SkuStatus
from webhooks.access import Caller, sign_in, sign_out
from webhooks.api.problems import ProblemError
from webhooks.api.routing import present_caller
from webhooks.pages.front import page
from webhooks.shop import the_shop

PAGE = 50
_SPENT = "这条链接已经用过或者过期了，请重新要一条。This link was used or is too old."
_NO_ROLE = "你现在没有查看后台的权限，请联系店主。Ask the owner for a role."

routes = Blueprint("desk", __name__)


@routes.get("/admin")
def table() -> Response:
    """The SKUs for who is signed in; else the door, with a button where the link brought a code.

    Showing the link spends nothing: chat programs fetch links to preview them. Pressing the button
    does.
    """
    code = request.args.get("code", "")[:200]
    caller = present_caller()
    if code:
        return _door(code=code)
    if caller is None:
        return _door(status=401)
    return _skus(caller)


@routes.post("/admin")
def enter() -> BaseResponse:
    """Spend the code and start the session of the person it was made for."""
    _refuse_foreign()
    code = request.form.get("code", "")[:200]

    def work(tx: Tx) -> tuple[str, Role]:
        subject = codes.redeem(tx, purpose=codes.SIGN_IN, code=code)
        platform, _, user_id = subject.partition(":")
        member = members.member(tx, platform, user_id)
        return subject, Role.of(member.role) if member else Role.NONE

    try:
        subject, role = the_shop().database.run(work)
    except BadCodeError:
        return _door(status=401, message=_SPENT)
    if role < Role.VIEWER:
        return _door(status=403, message=_NO_ROLE)
    sign_in(subject, role)
    return redirect(url_for(".table"), 303)


@routes.post("/admin/leave")
def leave() -> BaseResponse:
    """End the session."""
    _refuse_foreign()
    sign_out()
    return redirect(url_for(".table"), 303)


def _skus(caller: Caller) -> Response:
    query = request.args.get("q", "").strip()[:100]
    state = request.args.get("status", "")
    state = state if state in set(SkuStatus) else ""
    after = request.args.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0  # noqa: PLR2004  (64 bits)
    found, following = the_shop().database.read(
        lambda tx: skus.page(tx, query=query, status=state, after=start, limit=PAGE)
    )
    return page(
        "desk/skus.html",
        skus=found,
        query=query,
        state=state,
        after=start,
        next_after=following,
        who=_name(caller),
    )


def _door(*, code: str = "", message: str = "", status: int = 200) -> Response:
    return page("desk/door.html", status=status, code=code, message=message)


def _name(caller: Caller) -> str:
    platform, _, user_id = caller.actor.partition(":")
    member = the_shop().database.read(lambda tx: members.member(tx, platform, user_id))
    return (member.name if member else "") or caller.actor


def _refuse_foreign() -> None:
    """Another site must not sign our people in or out; browsers say where a form was sent from."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise ProblemError("forbidden", "This request comes from another site.")
