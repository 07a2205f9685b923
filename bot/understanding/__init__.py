"""Text, with the shop's catalogue, to outcome, intent, slots and question. Pure functions.

``normalise`` folds a message, ``shapes`` recognises values, ``catalogue`` finds products,
``filling`` gives a command its slots, ``reader`` chooses the command and judges how sure it is.
"""

from bot.understanding import questions
from bot.understanding.answers import answer
from bot.understanding.catalogue import Catalogue, Entry
from bot.understanding.reader import read
from bot.understanding.reading import Reading, as_json, public_slots
from bot.understanding.tables import specs_said

__all__ = [
    "Catalogue",
    "Entry",
    "Reading",
    "answer",
    "as_json",
    "public_slots",
    "questions",
    "read",
    "specs_said",
]
