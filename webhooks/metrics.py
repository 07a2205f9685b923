"""The figures of ``/metrics``, in a registry of their own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from store import gauges, outbox
from store.db import Database, Tx
from store.errors import StoreError

TOP_SKUS = 200  # labelled by code, in order of first sale; the rest share "other"
OTHER = "other"
ACCEPTED = "accepted"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ORDER_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counts what happens. Labels come from bounded sets: never an id, a path, a client's word."""

    def __init__(self, database: Database, *, top_skus: int = TOP_SKUS) -> None:
        # A second series per counter that nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the package's own gap
        self.registry: Final = CollectorRegistry()
        self._labels = _BoundedLabels(top_skus)
        self._orders = self._counter("zhanggui_orders", "Orders asked for.", "outcome")
        self._sales = self._counter("zhanggui_sale", "Order lines by SKU.", "sku", "outcome")
        self._order_seconds = Histogram(
            "zhanggui_order_duration_seconds",
            "From a decoded order to its answer.",
            buckets=_ORDER_BUCKETS,
            registry=self.registry,
        )
        self._commands = self._counter("zhanggui_commands", "Chat commands.", "intent", "outcome")
        self._command_seconds = Histogram(
            "zhanggui_command_duration_seconds",
            "From a message to its reply.",
            registry=self.registry,
        )
        self._webhooks = self._counter(
            "zhanggui_webhook_requests", "Platform callbacks.", "platform", "outcome"
        )
        self._broadcasts = self._counter(
            "zhanggui_broadcasts", "Messages sent.", "topic", "channel", "outcome"
        )
        self._http = self._counter(
            "zhanggui_http_requests", "HTTP requests.", "method", "route", "status"
        )
        self._audit_faults = Gauge(
            "zhanggui_audit_faults", "Faults of the last audit.", registry=self.registry
        )
        self.registry.register(_FromDatabase(database))
        self._breakers: list[Callable[[], Mapping[str, int]]] = []
        self.registry.register(_Breakers(self._breakers))

    def order(self, outcome: str, skus: tuple[str, ...], seconds: float) -> None:
        """An order was decided: ``accepted``, or a problem's code. ``skus`` must be known SKUs."""
        self._orders.labels(outcome).inc()
        self._order_seconds.observe(seconds)
        for sku in skus:
            self._sales.labels(self._labels.label(sku), outcome).inc()

    def command(self, intent: str, outcome: str, seconds: float) -> None:
        """A chat message was answered."""
        self._commands.labels(intent, outcome).inc()
        self._command_seconds.observe(seconds)

    def webhook(self, platform: str, outcome: str) -> None:
        """A platform called; ``outcome`` is one of a few words of ours."""
        self._webhooks.labels(platform, outcome).inc()

    def broadcast(self, topic: str, channel: str, outcome: str) -> None:
        """A message left the outbox, or failed to."""
        self._broadcasts.labels(topic, channel, outcome).inc()

    def http(self, method: str, route: str, status: int) -> None:
        """A request was answered; ``route`` is the template."""
        self._http.labels(method, route, str(status)).inc()

    def audited(self, faults: int) -> None:
        """The last audit found so many faults."""
        self._audit_faults.set(faults)

    def watch(self, breakers: Callable[[], Mapping[str, int]]) -> None:
        """Tell the state of these breakers by target: 0 closed, 1 open, 2 probing."""
        self._breakers.append(breakers)

    def exposition(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self.registry)


class _BoundedLabels:
    """The first ``most`` values keep their name."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()
        self._guard = threading.Lock()

    def label(self, value: str) -> str:
        with self._guard:
            if value in self._known:
                return value
            if len(self._known) < self._most:
                self._known.add(value)
                return value
        return OTHER


class _Breakers(Collector):
    """Gauges of the process that sends."""

    def __init__(self, sources: list[Callable[[], Mapping[str, int]]]) -> None:
        self._sources = sources

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "zhanggui_breaker_state", "0 closed, 1 open, 2 probing.", labels=["target"]
        )
        for source in self._sources:
            for target, state in source().items():
                family.add_metric([target], state)
        yield family


class _FromDatabase(Collector):
    """Gauges read when Prometheus asks, so that every replica says the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from self._database.read(_gauges)
        except StoreError:
            return  # readyz tells of the database; counters of this process are still worth having


def _gauges(tx: Tx) -> list[GaugeMetricFamily]:
    pending, oldest_s = outbox.backlog(tx)
    jobs = GaugeMetricFamily(
        "zhanggui_job_last_success_timestamp_seconds", "When each job last ran.", labels=["job"]
    )
    for job, moment in gauges.job_runs(tx).items():
        jobs.add_metric([job], moment.timestamp())
    return [
        GaugeMetricFamily("zhanggui_outbox_pending", "Messages that wait.", value=pending),
        GaugeMetricFamily("zhanggui_outbox_oldest_seconds", "Age of the oldest.", value=oldest_s),
        GaugeMetricFamily(
            "zhanggui_low_stock_skus", "SKUs at their reorder point.", value=gauges.low_stock(tx)
        ),
        jobs,
    ]
