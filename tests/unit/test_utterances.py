"""What people type: hundreds of lines in nine shops, and the same lines written otherwise."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.utterances import SHOPS, UNSEEN, Verdict, judged, mutations, utterances

# Shares of lines read right as they were measured last, so that no change makes it worse unseen.
INTENTS, SLOTS, CLARIFIED = 0.99, 0.98, 0.95
UNSEEN_INTENTS, UNSEEN_SLOTS, UNSEEN_WRONG = 0.97, 0.93, 0


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return [judged(utterance) for shop in SHOPS for utterance in utterances(shop)]


def test_every_sample_of_the_reference_is_read_right() -> None:
    found = [judged(utterance) for utterance in utterances("sample")]

    assert [
        v.said for v in found if not (v.slots and v.said["outcome"] == v.utterance.outcome)
    ] == []


def test_nothing_is_written_that_was_not_meant(verdicts: list[Verdict]) -> None:
    wrong = {v.utterance.text: v.said for v in verdicts if v.wrong_write}

    assert wrong == {}


def test_most_lines_are_read_right(verdicts: list[Verdict]) -> None:
    figures = Counter[str]()
    for verdict in verdicts:
        figures["intent"] += verdict.intent
        figures["slots"] += verdict.slots
    asked = [v for v in verdicts if v.utterance.outcome == "clarify"]
    clarified = sum(v.said["outcome"] == "clarify" for v in asked)

    assert figures["intent"] >= INTENTS * len(verdicts)
    assert figures["slots"] >= SLOTS * len(verdicts)
    assert clarified >= CLARIFIED * len(asked)


def test_lines_that_nothing_was_taught_with_are_read_right_too() -> None:
    found = [judged(utterance) for shop in UNSEEN for utterance in utterances(shop)]

    assert sum(v.intent for v in found) >= UNSEEN_INTENTS * len(found)
    assert sum(v.slots for v in found) >= UNSEEN_SLOTS * len(found)
    assert sum(v.wrong_write for v in found) <= UNSEEN_WRONG


def test_a_line_written_otherwise_is_no_other_write() -> None:
    rng = random.Random(20261125)
    changed = []
    for utterance in utterances("sample"):
        plain = judged(utterance)
        for text in mutations(utterance.text, rng, 25):
            said = judged(replace(utterance, text=text))
            if said.writes and not (plain.writes and said.slots):
                changed.append((utterance.text, text, said.said))

    assert changed == []
