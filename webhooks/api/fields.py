"""The kinds of field the API takes, each checked once, here, by the store's own rules."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict
from pydantic_core import PydanticCustomError

from store import money, names, stock
from store.errors import InvalidValueError
from store.ordering import requests
from webhooks.api.problems import sentence

MAX_NOTE = 200
MOST_TEXT = 4000  # as sent; the limits of each field count after trimming
_VISIBLE_ASCII = r"^[!-~]{1,255}$"
_NUMBER = re.compile(r"[0-9]{1,18}")


def _whole(value: Any) -> Any:
    """2.0 and 1e3 are whole numbers in JSON; text and booleans are none."""
    return int(value) if type(value) is float and value.is_integer() else value


def _digits(value: Any) -> Any:
    """A number in a URL: plain ASCII digits, nothing that ``int()`` accepts beyond."""
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _checked(check: Callable[[str], str]) -> AfterValidator:
    """The store's own check, with its fault named like any other."""

    def run(text: str) -> str:
        try:
            return check(text)
        except InvalidValueError as error:
            raise PydanticCustomError(
                "invalid_value", "{reason}", {"reason": sentence(error)}
            ) from error

    return AfterValidator(run)


def _line(most: int) -> Callable[[str], str]:
    """One line of text, possibly empty; blanks and line breaks of any kind count as one space."""

    def check(text: str) -> str:
        folded = " ".join(text.split())
        return names.plain_text("text", folded, most=most) if folded else ""

    return check


def _customer_id(text: str) -> str:
    if names.plain_text("customer_id", text, most=64) != text or any(
        char.isspace() for char in text
    ):
        raise InvalidValueError("customer_id", "characters")
    return text


def _schema(most: int, least: int = 1) -> Any:
    return Field(json_schema_extra={"minLength": least, "maxLength": most})


Text = Annotated[str, Field(max_length=MOST_TEXT)]
# The bounds stand before the validator, or pydantic leaves them out of the JSON schema.
PriceFen = Annotated[
    int,
    Strict(),
    Field(ge=1, le=money.MAX_PRICE_FEN, description="fen"),
    BeforeValidator(_whole),
]
Units = Annotated[int, Strict(), Field(ge=0, le=stock.MAX_UNITS), BeforeValidator(_whole)]
Quantity = Annotated[int, Strict(), Field(ge=1, le=requests.MAX_QUANTITY), BeforeValidator(_whole)]
Limit = Annotated[int, Strict(), Field(ge=1, le=100), BeforeValidator(_digits)]
SkuCode = Annotated[Text, _checked(names.sku_code), _schema(names.MAX_CODE)]
Name = Annotated[Text, _checked(names.product_name), _schema(names.MAX_NAME)]
Category = Annotated[Text, _checked(names.category_path), _schema(names.MAX_CATEGORY, 0)]
CustomerId = Annotated[Text, _checked(_customer_id), _schema(64)]
ContactName = Annotated[
    Text, _checked(lambda text: names.plain_text("contact", text, most=50)), _schema(50)
]
Phone = Annotated[Text, _checked(requests.phone), _schema(20, 3)]
Address = Annotated[Text, _checked(_line(200)), _schema(200, 0)]
Remark = Annotated[Text, _checked(_line(requests.MAX_REMARK)), _schema(requests.MAX_REMARK, 0)]
Note = Annotated[Text, _checked(_line(MAX_NOTE)), _schema(MAX_NOTE, 0)]
Short = Annotated[Text, _checked(_line(40)), _schema(40, 0)]
Specs = Annotated[
    dict[Text, Text], Field(max_length=names.MAX_SPECS, examples=[{"颜色": "白色", "尺寸": "L"}])
]
IdempotencyKey = Annotated[str, Field(pattern=_VISIBLE_ASCII)]
