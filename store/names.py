"""What people may call things: codes, names, specs, categories, folded so that no twins exist."""

import re
import unicodedata
from collections.abc import Mapping

from store.errors import InvalidValueError

MAX_CODE = 64
MAX_NAME = 100
MAX_SPEC = 40
MAX_SPECS = 8
MAX_CATEGORY = 120

# Width folding by table, not NFKC: NFKC turns "1²" into "12".
_WIDTH = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
# ASCII letters and unified ideographs only: with Cyrillic А or a compatibility 金 two codes
# would look the same.
_CODE = re.compile(r"[0-9A-Z\u3007\u3400-\u4DBF\u4E00-\u9FFF\U00020000-\U000323AF\-_./]{1,64}")
_BIDI = frozenset({"R", "AL", "AN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_PICTURES = range(0x1F000, 0x1FFFE)  # emoji and their kin
_JOINER = "\u200d"
_PRESENTATIONS = frozenset("\ufe0e\ufe0f")  # text or picture form of the sign before
# Signs that show nothing: fillers, and the variation selectors of other scripts and ideographs.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
_BLANK |= {chr(c) for c in (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))}
# Marks piled on one letter: no language puts three on a Latin one, or five on any.
_PILE = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3}")
_MOST_MARKS = 4
_HALF = re.compile("[\ud800-\udfff]")
MAX_KEY = 120  # a name's key may be longer than the name: ß counts as ss
MAX_SPECS_KEY = 700


def fold_width(text: str) -> str:
    """Full-width ASCII and ideographic spaces as plain ASCII."""
    return text.translate(_WIDTH)


def sku_code(text: str) -> str:
    """The one form of a SKU code: trimmed, width-folded, upper case.

    Raises ``InvalidValueError`` for an ill-formed code.
    """
    code = unicodedata.normalize("NFC", fold_width(text)).strip().upper()
    if not _CODE.fullmatch(code) or any(unicodedata.category(char) == "Cn" for char in code):
        raise InvalidValueError(
            "code", "length" if len(code) > MAX_CODE else "characters", MAX_CODE
        )
    if code in {".", ".."} or code[0] == "/" or code[-1] == "/" or code.endswith("/MOVEMENTS"):
        raise InvalidValueError("code", "reserved")
    return code


def plain_text(field: str, text: str, *, most: int) -> str:
    """``text`` trimmed, in NFC, runs of blanks as one; 1 to ``most`` characters, nothing invisible.

    Refused: control and line-break characters, zero-width and right-to-left ones, piled-up
    combining marks. Emoji are welcome, joined ones too. Raises ``InvalidValueError``.
    """
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text):
        raise InvalidValueError(field, "invisible")
    plain = unicodedata.normalize("NFC", text.replace("\u3000", " ").replace("\xa0", " "))
    plain = re.sub(r" +", " ", plain).strip()
    if not plain:
        raise InvalidValueError(field, "empty")
    if len(plain) > most:
        raise InvalidValueError(field, "length", most)
    if any(_hidden(plain, i) for i in range(len(plain))) or _piled(plain):
        raise InvalidValueError(field, "invisible")
    return plain


def name_key(text: str) -> str:
    """What decides whether two names are the same: width, case and blanks do not.

    Takes any words that are searched for too: half characters, which no database takes, are none.
    """
    whole = _HALF.sub("\ufffd", fold_width(text))
    return re.sub(r"\s+", " ", whole).strip().casefold()


def product_name(text: str) -> str:
    """A product name as people wrote it, checked."""
    name = plain_text("name", text, most=MAX_NAME)
    if len(name_key(name)) > MAX_KEY:
        raise InvalidValueError("name", "length", MAX_NAME)
    return name


def category_path(text: str) -> str:
    """``" 服装 / 上衣 "`` -> ``"服装/上衣"``; empty stays empty."""
    parts = [part.strip() for part in fold_width(text).split("/")]
    path = "/".join(part for part in parts if part)
    return plain_text("category", path, most=MAX_CATEGORY) if path else ""


def specs(pairs: dict[str, str]) -> dict[str, str]:
    """Spec keys and values trimmed and checked, in the order given."""
    if len(pairs) > MAX_SPECS:
        raise InvalidValueError("specs", "count", MAX_SPECS)
    clean = {
        plain_text("specs", fold_width(key), most=MAX_SPEC): plain_text(
            "specs", value, most=MAX_SPEC
        )
        for key, value in pairs.items()
    }
    if len(clean) != len(pairs) or any(
        c in text for pair in clean.items() for text in pair for c in "=;"
    ):
        raise InvalidValueError("specs", "characters")
    if len(specs_key(clean)) > MAX_SPECS_KEY:
        raise InvalidValueError("specs", "length", MAX_SPEC)
    return clean


def specs_key(pairs: Mapping[str, str]) -> str:
    """What decides whether two SKUs of a product are the same."""
    return ";".join(sorted(f"{name_key(key)}={name_key(value)}" for key, value in pairs.items()))


def specs_text(pairs: Mapping[str, str]) -> str:
    """``{"颜色": "白色", "尺寸": "L"}`` -> ``"白色 L"``, as people say it."""
    return " ".join(pairs.values())


def specs_cell(pairs: Mapping[str, str]) -> str:
    """The same as files say it: ``颜色=白色;尺寸=L``."""
    return ";".join(f"{key}={value}" for key, value in pairs.items())


def _hidden(text: str, i: int) -> bool:
    char = text[i]
    if char == _JOINER:  # joins emoji only: 👨‍🌾
        return i in {0, len(text) - 1} or not (_pictorial(text[i - 1]) and _pictorial(text[i + 1]))
    if char in _PRESENTATIONS:
        return not _presentable(text, i)
    if unicodedata.bidirectional(char) in _BIDI:
        return True
    if char in _BLANK or unicodedata.category(char) in {"Cf", "Co"}:
        return True
    # Unassigned: an emoji newer than this Python's Unicode is fine, the rest no font can show.
    return unicodedata.category(char) == "Cn" and ord(char) not in _PICTURES


def _pictorial(char: str) -> bool:
    return (
        char in _PRESENTATIONS
        or unicodedata.category(char) in {"So", "Sk"}
        or ord(char) in _PICTURES
    )


def _presentable(text: str, i: int) -> bool:
    """Whether the sign before may have a text or picture form: ☕, ‼, ↔, or the 1 of a keycap."""
    if i == 0:
        return False
    before = text[i - 1]
    keycap = text[i + 1 : i + 2] == "\u20e3"
    return keycap or unicodedata.category(before)[0] in "SP" or ord(before) in _PICTURES


def _piled(text: str) -> bool:
    marks = "".join("M" if unicodedata.category(char)[0] == "M" else " " for char in text)
    return marks[0] == "M" or "M" * (_MOST_MARKS + 1) in marks or _PILE.search(text) is not None
