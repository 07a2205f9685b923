"""What the content of each type of message must look like ("发送消息内容")."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.feishu.card_rules import check_card
from tests.fakes.feishu.records import Json, RefusalError, Upload

_POST_TAGS = {"text", "a", "at", "img", "media", "emotion", "hr", "code_block", "md"}
_OTHERS = {"audio", "media", "sticker", "share_chat", "share_user", "system"}


def check_content(msg_type: str, content: Json, uploads: Mapping[str, Upload]) -> None:
    """Raises ``RefusalError`` for what the platform would not send."""
    if msg_type == "text":
        _check_text(content)
    elif msg_type == "post":
        _check_post(content)
    elif msg_type in {"image", "file"}:
        _check_upload(content.get(f"{msg_type}_key"), msg_type, uploads)
    elif msg_type == "interactive":
        check_card(content)
    elif msg_type not in _OTHERS:
        raise _invalid(f"invalid msg_type {msg_type}")


def _check_text(content: Json) -> None:
    if not isinstance(content.get("text"), str) or not content["text"]:
        raise _invalid("text is missing or empty")


def _check_post(content: Json) -> None:
    """``{"zh_cn": {"title", "content": [[{"tag"}]]}}``: sent ones do have a locale around them."""
    if not content or not all(isinstance(one, dict) for one in content.values()):
        raise _invalid("post has no locale")
    for one in content.values():
        lines = one.get("content")
        if not isinstance(lines, list) or not all(isinstance(line, list) for line in lines):
            raise _invalid("post content is not a list of lists")
        _check_post_tags([element for line in lines for element in line])


def _check_post_tags(elements: list[Any]) -> None:
    for element in elements:
        if not isinstance(element, dict) or element.get("tag") not in _POST_TAGS:
            raise _invalid("unknown tag in post")


def _check_upload(key: Any, kind: str, uploads: Mapping[str, Upload]) -> None:
    upload = uploads.get(key) if isinstance(key, str) else None
    if upload is None:
        raise _invalid(f"invalid {kind}_key")
    if upload.kind != kind:
        raise RefusalError(230055, "The type of file upload does not match the type of message.")


def _invalid(why: str) -> RefusalError:
    return RefusalError(230001, f"Your request contains an invalid request parameter, ext={why}")
