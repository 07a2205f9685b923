"""The catalogue as the reader needs it, kept between messages."""

import threading

from bot.understanding import Catalogue, Entry
from store import vocabulary
from store.db import Database, Tx


class Vocabulary:
    """Loads the shop's names once and again when they changed. Thread-safe.

    Asking for the stamp costs one query; loading a thousand SKUs some ten milliseconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._stamp = ""
        self._catalogue = Catalogue(())

    def current(self) -> Catalogue:
        """The catalogue as last committed."""
        return self._database.read(self._fresh)

    def _fresh(self, tx: Tx) -> Catalogue:
        stamp = vocabulary.stamp(tx)
        with self._guard:
            if stamp == self._stamp:
                return self._catalogue
        catalogue = Catalogue(
            Entry(word.code, word.name, word.specs, word.category) for word in vocabulary.words(tx)
        )
        with self._guard:
            self._stamp, self._catalogue = stamp, catalogue
        return catalogue
