"""The pages for people, server-rendered; everything on them works without JavaScript.

``webhooks.pages.storefront`` serves customers, ``webhooks.pages.desk`` the people of the shop.
"""

import json

from flask import Blueprint, Response, abort, send_file

from store import money
from webhooks.api import problems
from webhooks.pages import desk, storefront
from webhooks.pages.front import PICTURES, page, picture_file

PICTURE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}

blueprint = Blueprint("pages", __name__)
blueprint.register_blueprint(storefront.routes)
blueprint.register_blueprint(desk.routes)
blueprint.add_app_template_filter(money.to_yuan, "yuan")
blueprint.add_app_template_filter(money.short_yuan, "short_yuan")


@blueprint.get("/pictures/<name>")
def picture(name: str) -> Response:
    """The shop's logo or payment code, when the settings name a file."""
    file = picture_file(name) if name in PICTURES else None
    kind = PICTURE_TYPES.get(file.suffix.lower()) if file is not None else None
    if file is None or kind is None or not file.is_file():
        abort(404)
    return send_file(file, mimetype=kind, conditional=True, max_age=300)


# What people read where a program reads a problem; by code, else by status.
_SENTENCES = {
    "not_found": ("没有这个页面", "链接可能不完整，或者已经失效。"),
    "rate_limited": ("操作太频繁了", "请过一会儿再试。"),
    "overloaded": ("店里正忙", "请过几秒再试一次。"),
    "too_large": ("内容太多了", "请缩短后再试。"),
    "forbidden": ("没有权限", "这需要更高的角色。"),
}


@blueprint.after_request
def for_people(response: Response) -> Response:
    """A problem document on a page's address becomes a page; status and headers stay."""
    if response.mimetype != problems.CONTENT_TYPE:
        return response
    problem = json.loads(response.get_data())
    title, text = _SENTENCES.get(problem["code"], ("出错了", "没有成功，请再试一次。"))
    if "reference" in problem:
        text = f"{text} 编号 {problem['reference']}"
    kept = {name: response.headers[name] for name in ("Retry-After",) if name in response.headers}
    return page(
        "shop/missing.html", status=response.status_code, headers=kept, title=title, text=text
    )
