"""What the tests of the fake itself begin with.

A test module that imports ``seconds`` and ``fake`` has the fixtures ``ticks`` and ``wecom``, with
``signed_in`` also ``program`` and with ``subscribed`` also ``line``; ``clock`` is everybody's.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.wecom.clients import Line, Program, Ticks
from tests.fakes.wecom.platform import FakeWecom


@pytest.fixture(name="ticks")
def seconds() -> Ticks:
    """What frequency limits go by."""
    return Ticks()


@pytest.fixture(name="wecom")
def fake(clock: FakeClock, ticks: Ticks) -> Iterator[FakeWecom]:
    """The platform, by the test's clocks."""
    with FakeWecom(clock=clock, monotonic=ticks) as wecom:
        yield wecom


@pytest.fixture(name="program")
def signed_in(wecom: FakeWecom) -> Iterator[Program]:
    """A program with a token."""
    program = Program(wecom)
    with closing(program.http):
        program.sign_in()
        yield program


@pytest.fixture(name="line")
def subscribed(wecom: FakeWecom) -> Iterator[Line]:
    """A long connection that is heard."""
    line = Line(wecom)
    with line.socket:
        assert line.subscribe()["errcode"] == 0
        yield line
