"""How much of what people type is read right, how fast, and what the dictionary weighs."""

import random
import time
import tracemalloc
from collections import Counter
from dataclasses import replace

from benchmarks.serving import say
from bot.understanding import Catalogue, Entry, read
from tests.utterances import NOW, SHOPS, UNSEEN, Verdict, judged, mutations, utterances

SIZES = (1_000, 100_000)
MUTATIONS = 100
_HEAD, _KIND = (
    "青花紫砂玻璃竹编手工古法云南福建",
    ("茶杯", "茶壶", "茶盘", "礼盒", "香囊", "围巾", "饼干", "台灯"),
)


def main() -> None:
    """Accuracy over the lines of ``tests/data``; speed and memory over made-up shops."""
    unseen = [judged(utterance) for shop in UNSEEN for utterance in utterances(shop)]
    say(f"understanding, {len(unseen)} lines that nothing was taught or tuned with")
    say(f"  {_accuracy(unseen)}")
    say(f"  {_steadiness(unseen)}")
    verdicts = [judged(utterance) for shop in SHOPS for utterance in utterances(shop)]
    say(f"and {len(verdicts)} lines of {len(SHOPS)} shops that it was taught with")
    say(f"  {_accuracy(verdicts)}")
    say(f"  {_steadiness(verdicts)}")
    texts = [verdict.utterance.text for verdict in verdicts]
    for size in SIZES:
        tracemalloc.start()
        began = time.perf_counter()
        catalogue = Catalogue(_goods(size))
        built, weight = time.perf_counter() - began, tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        say(f"  {size} SKUs: dictionary {weight / 2**20:.0f} MiB, made in {built:.1f} s (traced)")
        say(f"    {_speed(texts, catalogue)}")


def _accuracy(verdicts: list[Verdict]) -> str:
    def share(part: int, whole: int) -> str:
        return f"{100 * part / max(whole, 1):.1f} %"

    def outcome(meant: str) -> str:
        lines = [v for v in verdicts if v.utterance.outcome == meant]
        return share(sum(v.said["outcome"] == meant for v in lines), len(lines))

    plain = [v for v in verdicts if v.utterance.outcome == "execute"]
    needless = sum(v.said["outcome"] in {"confirm", "clarify"} for v in plain)
    return (
        f"intent {share(sum(v.intent for v in verdicts), len(verdicts))}, "
        f"slots {share(sum(v.slots for v in verdicts), len(verdicts))}, "
        f"wrong writes {sum(v.wrong_write for v in verdicts)}, "
        f"clarified {outcome('clarify')}, silent {outcome('ignore')}, "
        f"needless questions {share(needless, len(plain))}"
    )


def _steadiness(verdicts: list[Verdict]) -> str:
    """Mutations that make of a write another write."""
    rng, figures = random.Random(1), Counter[str]()  # noqa: S311  (the same lines at every run)
    for plain in verdicts:
        if not (plain.writes and plain.slots):
            continue
        for text in mutations(plain.utterance.text, rng, MUTATIONS):
            changed = judged(replace(plain.utterance, text=text))
            figures["all"] += 1
            figures["other"] += changed.writes and not changed.slots
    return f"{figures['all']} mutations of right writes: {figures['other']} are another write"


def _speed(texts: list[str], catalogue: Catalogue) -> str:
    read(texts[0], catalogue, now=NOW)  # tables and patterns are made with the first message
    taken = []
    for text in texts:
        began = time.perf_counter()
        read(text, catalogue, now=NOW)
        taken.append(1000 * (time.perf_counter() - began))
    taken.sort()
    last = len(taken) - 1
    p50, p99 = taken[last // 2], taken[last * 99 // 100]
    return f"a message: p50 {p50:.2f}, p99 {p99:.2f}, most {taken[last]:.1f} ms"


def _goods(size: int) -> list[Entry]:
    rng = random.Random(size)  # noqa: S311  (made-up goods)
    return [
        Entry(
            f"SKU-{n}",
            "".join(rng.sample(_HEAD, 3)) + rng.choice(_KIND) + (str(n // 3) if n >= 3000 else ""),
            {"颜色": rng.choice(("白色", "黑色", "灰色")), "尺寸": rng.choice("SML")},
            rng.choice(("茶具", "食品", "家居/灯", "服装")),
        )
        for n in range(size)
    ]
