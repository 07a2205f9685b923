"""What the tests of the fake itself begin with.

A test module that imports ``fake`` and ``client`` has the fixtures ``feishu`` and ``api``;
``clock`` is everybody's.
"""

from collections.abc import Iterator

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.feishu.caller import Caller, calling
from tests.fakes.feishu.fake import FakeFeishu


@pytest.fixture(name="feishu")
def fake(clock: FakeClock) -> Iterator[FakeFeishu]:
    """The platform, by the test's clock."""
    with FakeFeishu(clock=clock) as feishu:
        yield feishu


@pytest.fixture(name="api")
def client(feishu: FakeFeishu) -> Iterator[Caller]:
    """A client with a token."""
    with calling(feishu) as caller:
        yield caller
