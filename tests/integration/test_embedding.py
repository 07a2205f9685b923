"""``store`` alone sells: the script of docs/embedding.md, word for word, in a fresh interpreter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from store import audit, skus
from store.db import Database
from tests.processes import ROOT

LOADED = """
import sys
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture
def script() -> str:
    text = (ROOT / "docs" / "embedding.md").read_text()
    found = re.search(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_script_sells_one_unit_without_flask_or_the_bot(script: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script + LOADED],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    sold, left, loaded = ran.stdout.splitlines()
    assert re.fullmatch(r"[0-9]{10} 8800", sold)
    assert left == "left: 0"
    assert not {"flask", "bot", "webhooks", "werkzeug", "apscheduler"} & set(loaded.split())
    database = Database(f"sqlite:///{tmp_path}/shop.db")
    sku = database.read(lambda tx: skus.view(tx, "KFD"))
    assert (sku.on_hand, sku.reserved, sku.available) == (1, 1, 0)
    assert database.read(audit.check).ok
    database.close()


def test_the_script_is_short(script: str) -> None:
    statements = [
        line for line in script.splitlines() if line and not line.startswith(("from", "import"))
    ]
    assert len(statements) <= 20


@pytest.mark.mysql
def test_the_script_runs_on_mysql_by_changing_the_address(script: str, mysql_url: str) -> None:
    there = script.replace("sqlite:///shop.db", mysql_url)
    assert there != script

    ran = subprocess.run(
        [sys.executable, "-c", there],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith(" 8800\nleft: 0\n")
