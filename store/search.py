"""Search: an own token table, the same on every engine.

Engines' full-text parsers miss 茶 and 礼盒, and MariaDB has no ngram parser. The tokens of a SKU
are the single characters and the pairs of its search text (name, code, specs, category, pinyin
initials); a word is found where all its pairs are, and the text is then compared once to drop
chance meetings.
"""

import re
from collections.abc import Iterable

from sqlalchemy import delete, insert
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from store import names
from store.db import Tx
from store.models import Product, SearchToken, Sku

MAX_WORDS = 6
_PAIR = 2  # characters; longer words are verified against the text


def initials(text: str) -> str:
    """Pinyin initials of Chinese characters, and plain letters and digits: ``手冲壶`` -> ``sch``.

    Loads the pinyin tables (some 50 MB) at the first Chinese character ever asked for.
    """
    letters = re.findall(r"[\u3400-\u9fff]+|[a-z0-9]", names.name_key(text))
    return "".join(part if part.isascii() else _pinyin_initials(part) for part in letters)


def index_many(tx: Tx, pairs: Iterable[tuple[Sku, Product]]) -> None:
    """Bring search text and tokens of written SKUs up to date; costs nothing where they are."""
    stale = [
        (sku, text) for sku, product in pairs if (text := _text(sku, product)) != sku.search_text
    ]
    if not stale:
        return
    for sku, text in stale:
        sku.search_text = text
    tx.flush()
    tx.exec(delete(SearchToken).where(col(SearchToken.sku_id).in_([sku.id for sku, _ in stale])))
    rows = [
        {"token": token, "sku_id": sku.id}
        for sku, text in stale
        for token in sorted({token for word in text.split() for token in _grams(word)})
    ]
    tx.execute(insert(SearchToken.__table__), rows)  # type: ignore[attr-defined]  # SQLModel's


def _text(sku: Sku, product: Product) -> str:
    parts = [product.name, sku.code, *sku.specs.values(), product.category, product.initials]
    return " ".join(names.name_key(part) for part in parts if part)


def matching(words: str) -> SelectOfScalar[int]:
    """A statement that selects the ids of the SKUs in which every word of ``words`` is found."""
    wanted = names.name_key(words).split()[:MAX_WORDS]
    tokens = {token for word in wanted for token in _tokens(word)}
    statement = (
        select(SearchToken.sku_id)
        .where(col(SearchToken.token).in_(tokens))
        .group_by(col(SearchToken.sku_id))
        .having(func.count() == len(tokens))
    )
    long = [word for word in wanted if len(word) > _PAIR]
    if not long:
        return statement
    verified = select(Sku.id).where(col(Sku.id).in_(statement))
    for word in long:
        verified = verified.where(col(Sku.search_text).contains(word, autoescape=True))
    return verified  # type: ignore[return-value]  # Sku.id is None only before it is written


def _grams(word: str) -> set[str]:
    return set(word) | _pairs(word)


def _tokens(word: str) -> set[str]:
    return {word} if len(word) == 1 else _pairs(word)


def _pairs(word: str) -> set[str]:
    return {word[i : i + _PAIR] for i in range(len(word) - 1)}


def _pinyin_initials(text: str) -> str:
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415  (50 MB of tables, loaded on first use)

    syllables = lazy_pinyin(text, style=Style.NORMAL, errors="ignore")
    return "".join(re.findall(r"\b[a-z]", " ".join(syllables)))
