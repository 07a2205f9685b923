"""The worker as a process of its own: it hears, answers, and another takes over when it dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.feishu import FakeFeishu, text_of
from tests.servers import Process, Server, configure

OWNER = "ou_owner"
WAIT_S = 40.0


@pytest.fixture
def feishu(tmp_path: Path) -> Iterator[FakeFeishu]:
    with FakeFeishu() as fake:
        fake.add_user(OWNER, "王老板")
        configure(
            tmp_path,
            "sqlite:///shop.db",
            feishu={
                "app_id": fake.app_id,
                "app_secret": fake.app_secret,
                "base_url": fake.base_url,
            },
            members={"owners": [f"feishu:{OWNER}"]},
        )
        yield fake


def test_a_worker_answers_and_the_next_one_goes_on_after_its_death(
    feishu: FakeFeishu, tmp_path: Path
) -> None:
    with Server(tmp_path, "serve", "--no-worker") as server:
        server.wait_ready()
        with Process(tmp_path, "worker", name="first") as first:
            assert feishu.connected(60)
            assert feishu.connections == 1
            feishu.socket_push(feishu.direct_text("上架 咖啡豆 88元 库存30", user=OWNER))
            assert "咖啡豆" in text_of(feishu.wait_messages(1, timeout_s=WAIT_S)[0])

            feishu.pause()  # the next answer waits when the worker dies
            feishu.socket_push(feishu.direct_text("咖啡豆+50", user=OWNER))
            first.kill()
            feishu.wait_until(lambda: feishu.connections == 0, timeout_s=WAIT_S)
            feishu.resume()
        with Process(tmp_path, "worker", name="second"):
            told = feishu.wait_messages(2, timeout_s=WAIT_S)
            assert "30 → 80" in text_of(told[1])
            assert feishu.connected(60)
            feishu.socket_push(feishu.direct_text("查 咖啡豆", user=OWNER))
            told = feishu.wait_messages(3, timeout_s=WAIT_S)
            assert len(told) == 3
            assert "80" in text_of(told[2])
