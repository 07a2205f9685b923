"""Expected failures.

Each has a stable ``code`` and typed attributes; sentences are the bot's business.
"""

from dataclasses import dataclass


class StoreError(Exception):
    """What the shop refuses on purpose; nothing was written."""

    code = "refused"


@dataclass(frozen=True, slots=True)
class Shortage:
    """One line that cannot be served: units asked for and units that may be sold."""

    sku: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One line whose quoted price is not the price, both in fen."""

    sku: str
    quoted_fen: int
    price_fen: int


class InvalidValueError(StoreError):
    """A value no shop can mean.

    ``rule`` names what it breaks, ``limit`` the bound where there is one.
    """

    code = "invalid_request"

    def __init__(self, field: str, rule: str, limit: int | str | None = None) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule, self.limit = field, rule, limit


class SkuNotFoundError(StoreError):
    """No SKU has these codes or names; ``nearest`` holds up to three ``code name`` look-alikes.

    Without any code or name: there are no goods at all.
    """

    code = "sku_not_found"

    def __init__(self, *skus: str, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(skus))
        self.skus, self.nearest = skus, nearest


class AmbiguousSkuError(StoreError):
    """The words fit several SKUs; ``candidates`` are their codes."""

    code = "sku_ambiguous"

    def __init__(self, words: str, candidates: tuple[str, ...]) -> None:
        super().__init__(words)
        self.words, self.candidates = words, candidates


class ProductNotFoundError(StoreError):
    """No product has this id or name."""

    code = "not_found"

    def __init__(self, product: str) -> None:
        super().__init__(product)
        self.product = product


class SkuNotForSaleError(StoreError):
    """These SKUs are delisted."""

    code = "sku_not_for_sale"

    def __init__(self, *skus: str) -> None:
        super().__init__(", ".join(skus))
        self.skus = skus


class InsufficientStockError(StoreError):
    """Every short line; ``holders`` are the open orders that hold the reserved units."""

    code = "insufficient_stock"

    def __init__(self, *lines: Shortage, holders: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(line.sku for line in lines))
        self.lines, self.holders = lines, holders


class PriceChangedError(StoreError):
    """Quoted prices that no longer hold."""

    code = "price_changed"

    def __init__(self, *lines: PriceChange) -> None:
        super().__init__(", ".join(line.sku for line in lines))
        self.lines = lines


class ShopClosedError(StoreError):
    """The shop takes no orders now."""

    code = "shop_closed"


class CodeTakenError(StoreError):
    """Another SKU has this code, or is this product in these specs; ``sku`` is that SKU's code."""

    code = "code_taken"

    def __init__(self, sku: str, *, delisted: bool = False) -> None:
        super().__init__(sku)
        self.sku, self.delisted = sku, delisted


class NameTakenError(StoreError):
    """Another product has this name."""

    code = "name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class SpecNotAllowedError(StoreError):
    """A spec outside the product's schema.

    ``value`` None: the key is unknown. ``allowed``: the keys, or the values of the key.
    ``missing``: required keys that were not given.
    """

    code = "spec_not_allowed"

    def __init__(
        self,
        product: str,
        *,
        key: str = "",
        value: str | None = None,
        allowed: tuple[str, ...] = (),
        missing: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{product}: {key or ','.join(missing)}")
        self.product, self.key, self.value = product, key, value
        self.allowed, self.missing = allowed, missing


class StaleVersionError(StoreError):
    """Somebody changed it first; ``version`` is the present one."""

    code = "stale_version"

    def __init__(self, sku: str, version: int) -> None:
        super().__init__(sku)
        self.sku, self.version = sku, version


class OrderNotFoundError(StoreError):
    """No order has this number."""

    code = "not_found"

    def __init__(self, order_no: str) -> None:
        super().__init__(order_no)
        self.order_no = order_no


class AmbiguousOrderError(StoreError):
    """Several recent orders end in these digits."""

    code = "order_ambiguous"

    def __init__(self, digits: str, candidates: tuple[str, ...]) -> None:
        super().__init__(digits)
        self.digits, self.candidates = digits, candidates


class WrongStateError(StoreError):
    """The order is in a state this step does not leave."""

    code = "wrong_state"

    def __init__(self, order_no: str, status: str) -> None:
        super().__init__(f"{order_no}: {status}")
        self.order_no, self.status = order_no, status


class IdempotencyKeyReusedError(StoreError):
    """The key was used for another request."""

    code = "idempotency_key_reused"


class MemberNotFoundError(StoreError):
    """Nobody by this name or id has been seen."""

    code = "member_not_found"

    def __init__(self, user: str) -> None:
        super().__init__(user)
        self.user = user


class LastOwnerError(StoreError):
    """The shop would be left without an owner."""

    code = "last_owner"


class NothingToUndoError(StoreError):
    """This person has written nothing that can be undone."""

    code = "nothing_to_undo"


class CountedTwiceError(StoreError):
    """One message says two different counts of the same SKU, in units."""

    code = "invalid_request"

    def __init__(self, sku: str, first: int, second: int) -> None:
        super().__init__(sku)
        self.sku, self.first, self.second = sku, first, second


class NotUndoableError(StoreError):
    """The last write cannot be reversed by itself; ``what`` names it.

    ``order_no`` and ``status``: of the order whose step it was, and what that made of it.
    """

    code = "not_undoable"

    def __init__(self, what: str, *, order_no: str = "", status: str = "") -> None:
        super().__init__(what)
        self.what, self.order_no, self.status = what, order_no, status


class TimedActNotFoundError(StoreError):
    """No timed act of this number waits; ``state`` is what became of it, "" for no such number."""

    code = "not_found"

    def __init__(self, number: int, state: str = "") -> None:
        super().__init__(f"{number}: {state}")
        self.number, self.state = number, state


class BadCodeError(StoreError):
    """A one-time code or link that is unknown, used or too old."""

    code = "bad_code"


class LeaseLostError(StoreError):
    """Another process holds the lease now; the writes of this one are refused."""

    code = "lease_lost"


class BadFileError(StoreError):
    """A file that cannot be read at all.

    ``rule`` names why: size, rows, line, cell, columns, quotes, nul, utf16, encoding, xls, xlsx,
    unpacked, slow, formula, empty, form, heading, heading_twice. ``row`` is the first row at
    fault, ``limit`` the bound, ``value`` the heading in question.
    """

    code = "invalid_request"

    def __init__(
        self, rule: str, *, row: int | None = None, limit: int | None = None, value: str = ""
    ) -> None:
        super().__init__(rule)
        self.rule, self.row, self.limit, self.value = rule, row, limit, value


class BusyError(StoreError):
    """The database did not let us in within the bounded retries; nothing was written."""

    code = "overloaded"


class UnavailableError(StoreError):
    """The database cannot be reached or cannot write now (down, read-only, disk full)."""

    code = "overloaded"
