"""Names by their sound: pinyin without tones, and its initials.

Characters are read one by one (a character's first reading), names and messages alike, so that
homophones meet whatever phrase they stand in; the phrase tables would cost 5 s for 100,000 names.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from store import names

_SHORTEST = 2  # syllables: one alone sounds like too much
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")
# Endings and beginnings that many people do not tell apart: n/ng, z/zh, l/n, h/f.
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"))


class Index:
    """Numbers of names by sound. Immutable once made."""

    def __init__(self, known: Sequence[str]) -> None:
        self._whole: dict[str, int] = {}
        self._initials: dict[str, int] = {}
        self._lengths: set[int] = set()
        for number, name in enumerate(known):
            spoken = _syllables(names.name_key(name).replace(" ", ""))
            if len(spoken) >= _SHORTEST and any(len(part) > 1 for part in spoken):
                _note(self._whole, "".join(spoken), number)
                _note(self._initials, "".join(part[0] for part in spoken), number)
                self._lengths.add(len(spoken))

    def named(self, key: str) -> int | None:
        """The one name that sounds like ``key``, or whose pinyin or initials it is."""
        spoken = _syllables(key)
        number = self._whole.get("".join(spoken), -1)
        if number < 0 and key.isascii() and len(key) >= _SHORTEST:
            number = self._initials.get(key, -1)
        return number if number >= 0 else None

    def within(self, text: str) -> tuple[int, int, int] | None:
        """The longest run of ``text`` that sounds like one name: its span and number."""
        for length in sorted(self._lengths, reverse=True):
            for start in range(len(text) - length + 1):
                run = text[start : start + length]
                if not _all_hanzi(run):
                    continue
                number = self._whole.get("".join(_syllables(run)), -1)
                if number >= 0:
                    return start, start + length, number
        return None


def _note(index: dict[str, int], key: str, number: int) -> None:
    """Remember whose key this is; -1 where several share it."""
    index[key] = number if key not in index else -1


def _syllables(text: Iterable[str]) -> list[str]:
    return [_syllable(char) for char in text]


@cache
def _syllable(char: str) -> str:
    """The pinyin of one character; other characters are themselves."""
    if not "\u3400" <= char <= "\u9fff":
        return char
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415  (50 MB of tables, on first use)

    spoken = str(PINYIN_DICT.get(ord(char), char)).split(",")[0].translate(_TONES)
    for full, flat in _ALIKE:
        if spoken.startswith(full):
            spoken = flat + spoken[len(full) :]
    return spoken.replace("ng", "n")


def _all_hanzi(run: str) -> bool:
    return all("\u3400" <= char <= "\u9fff" for char in run)
