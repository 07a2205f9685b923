"""Teach the ear: labelled lines to a table of weights. Run by hand, `./run learn`.

scikit-learn is needed for this alone and is no part of the shop: what it finds is written to
``ear.gz`` and read back by ``ear`` without it.
"""

import csv
import gzip
import hashlib
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bot.commands  # noqa: F401  (declares them)
from bot.registry import COMMANDS
from bot.understanding import lexer
from bot.understanding.catalogue import Catalogue, Entry
from bot.understanding.ear import IGNORE, NOT, TABLE, features
from bot.understanding.normalise import normalise
from bot.understanding.polite import bare
from bot.understanding.times import ANY_DAY
from tests.shop import dictionary

DATA = Path(__file__).with_name("data")
_SHOPS = 2  # shops whose goods a wording is filled with
_RARE = 2  # a feature of fewer lines teaches nothing
_STRENGTH = 40.0  # C of the regression: 5 is too mild, from 20 on it is flat
_WIDEST = 127
_PLACEHOLDER = re.compile(r"\{(p|v|c|k|new)[0-9]?\}")
# New names are drawn from these, so that none is heard twice: no name shall say what is meant.
_LETTERS = (
    "竹编篮桂乌龙酥雨伞磨砂绸巾抹茶夜灯瓷钵枕絮榉柜陶埙檀梳砚帘毯氅笙筝鞋靴袜帽衫裙裤袍褂坎肩罩笼框柄"
    "柚橙桃杏梨枣莓椰榴蕉薯芋藕笋菇椒蒜姜葱韭芹菠莲耳菌蛋鸭鹅鱼虾蟹贝蚝羊牛豚兔狐猫熊鹿鹤燕蝶蜂蚕萤"
    "玻璃琉璃珐琅铜锡铁钢铝银玉珠贝壳绒呢麻丝绵缎纱革藤柳松柏枫桐楠樟檬薄荷艾蒿菊兰梅荷桔梗蔷薇茉莉"
)


@dataclass(frozen=True, slots=True)
class Shop:
    """The goods of a shop, and the dictionary made of them."""

    entries: tuple[Entry, ...]
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Lesson:
    """A line's cells and what they mean."""

    shop: str
    label: str
    masked: str


def lessons(data: Path = DATA) -> list[Lesson]:
    """Every example of a command, every labelled line, every wording in the words of some shops."""
    shops = {path.stem: _shop(path) for path in sorted((data / "utterances").glob("*.csv"))}
    own = dictionary()
    found = [
        Lesson("", command.intent, cells)
        for command in COMMANDS
        for said in (*(example.text for example in command.examples), *command.words)
        for cells in _lines(said, own)
    ]
    found += _labelled("", DATA / "readings.jsonl", own)
    for name, shop in shops.items():
        found += _labelled(name, data / "utterances" / f"{name}.jsonl", shop.catalogue)
    for path in sorted((data / "wordings").glob("*.tsv")):
        found += _worded(path, shops)
    return found


def _labelled(name: str, path: Path, shop: Catalogue) -> Iterator[Lesson]:
    for row in path.read_text(encoding="utf-8").splitlines():
        said = json.loads(row)
        label, text = said["intent"], said["text"]
        if label == "unknown":
            label = IGNORE if said["outcome"] == "ignore" else NOT
        if label == "add_sku" and "name" in said["slots"]:
            text = text.replace(said["slots"]["name"], _coined(random.Random(text)))
        for cells in _lines(text, shop):
            yield Lesson(name, label, cells)


def _worded(path: Path, shops: Mapping[str, Shop]) -> Iterator[Lesson]:
    for row in path.read_text(encoding="utf-8").splitlines():
        label, _, text = row.partition("\t")
        dice = random.Random(row)  # each wording its own: one more changes no other
        for name in dice.sample(sorted(shops), _SHOPS):
            spoken = _filled(text.replace("\\n", "\n").replace("\\t", "\t"), shops[name], dice)
            for cells in _lines(spoken, shops[name].catalogue):
                yield Lesson("", label, cells)


def _lines(text: str, shop: Catalogue) -> Iterator[str]:
    """The cells of a message; of several lines none is the whole, so these are left out."""
    lines = normalise(text).splitlines()
    if len(lines) == 1:
        yield lexer.line(bare(lines[0].replace("\t", " ")), shop, ANY_DAY).masked


def _filled(text: str, shop: Shop, dice: random.Random) -> str:
    """A wording with goods of a shop in place of its placeholders."""

    def word(match: re.Match[str]) -> str:
        entry = dice.choice(shop.entries)
        if match[1] == "new":
            return _coined(dice)
        values = [*entry.specs.values()] or ["白色", "大号"]
        return {"p": entry.name, "c": entry.category.rpartition("/")[2] or "新品"}.get(
            match[1], entry.code if match[1] == "k" else dice.choice(values)
        )

    return _PLACEHOLDER.sub(word, text)


def _coined(dice: random.Random) -> str:
    return "".join(dice.sample(_LETTERS, dice.randint(2, 5)))


def _shop(path: Path) -> Shop:
    with path.open(encoding="utf-8-sig", newline="") as file:
        entries = tuple(
            Entry(
                row["code"],
                row["name"],
                dict(pair.split("=") for pair in row["specs"].split(";") if pair),
                row["category"],
            )
            for row in csv.DictReader(file)
        )
    return Shop(entries, Catalogue(entries))


def learn(taught: Sequence[Lesson], table: Path) -> None:
    """Weigh every feature for every label, and write the table."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (no part of the shop)

    heard = [features(lesson.masked) for lesson in taught]
    counts = Counter(feature for one in heard for feature in one)
    known = sorted(feature for feature, number in counts.items() if number >= _RARE)
    places = {feature: place for place, feature in enumerate(known)}
    model = LogisticRegression(C=_STRENGTH, max_iter=400)
    model.fit(_matrix(heard, places), [lesson.label for lesson in taught])
    widest = float(abs(model.coef_).max())
    weights = (model.coef_.T * (_WIDEST / widest)).round().astype("int8")
    kept = [place for place in range(len(known)) if weights[place].any()]
    head = {
        "labels": [str(label) for label in model.classes_],
        "features": [known[place] for place in kept],
        "bias": [round(float(bias), 4) for bias in model.intercept_],
        "scale": widest / _WIDEST,
        "lessons": digest(taught),
    }
    with gzip.GzipFile(table, "wb", mtime=0) as file:
        file.write(json.dumps(head, ensure_ascii=False).encode() + b"\n")
        file.write(weights[kept].tobytes())


def digest(taught: Iterable[Lesson]) -> str:
    """A fingerprint of the lessons: a table that was made from others is out of date."""
    whole = "\n".join(f"{lesson.label}\t{lesson.masked}" for lesson in taught)
    return hashlib.sha256(whole.encode()).hexdigest()


def _matrix(heard: Sequence[frozenset[str]], places: dict[str, int]) -> Any:
    from scipy.sparse import csr_matrix  # noqa: PLC0415  (no part of the shop)

    rows, columns, values = [], [], []
    for row, one in enumerate(heard):
        known = sorted(places[feature] for feature in one if feature in places)
        rows += [row] * len(known)
        columns += known
        values += [len(known) ** -0.5] * len(known)
    return csr_matrix((values, (rows, columns)), shape=(len(heard), len(places)))


if __name__ == "__main__":
    learn(lessons(), Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE)
