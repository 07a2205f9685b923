"""What a server process is made of: light, alone on its file, gone without a trace."""

import json
from pathlib import Path

import pytest

from tests.processes import ended, start
from webhooks.server.serving import alone, listening
from webhooks.shell.failure import CommandError

# Serves until it has looked at itself.
SERVE = """
import json, os, signal, sys, threading
from pathlib import Path
from bot.settings import load
from webhooks.server import serving

def held():
    # Not ru_maxrss: that counts the process we were forked from.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)

def look(opened):
    def report():
        import urllib.request
        urllib.request.urlopen(opened.url + "/readyz").read()
        urllib.request.urlopen(opened.url + "/api/v1/products").read()
        heavy = ("lark_oapi", "wechatpy", "pypinyin", "alembic", "openpyxl", "rich", "numpy")
        print(json.dumps({
            "held": held(),
            "heavy": [name for name in heavy if name in sys.modules],
            "threads": sorted(thread.name for thread in threading.enumerate()),
        }))
        os.kill(os.getpid(), signal.SIGTERM)
    threading.Timer(1.0, report).start()
    return serving.Extras()

serving.serve(load(Path(sys.argv[1])), host="127.0.0.1", port=0, worker=True, prepare_extras=look)
"""


def test_a_server_is_small_and_imports_what_it_uses(tmp_path: Path, sqlite_template: Path) -> None:
    (tmp_path / "zhanggui.db").write_bytes(sqlite_template.read_bytes())
    config = tmp_path / "config.yaml"
    config.write_text("database: {url: 'sqlite:///zhanggui.db'}\n")
    found = json.loads(ended(start(SERVE, str(config))))
    assert found["heavy"] == []
    assert found["held"] < 120_000  # kB
    assert {"lease", "sender"} <= set(found["threads"])


def test_a_file_has_one_server_at_a_time(tmp_path: Path) -> None:
    database = tmp_path / "data" / "shop.db"
    with alone(database):
        with (
            pytest.raises(CommandError, match=r"another zhanggui serves .*shop\.db"),
            alone(database),
        ):
            pass
        with alone(tmp_path / "other.db"):
            pass
    with alone(database):
        pass


def test_mysql_has_as_many_servers_as_wanted() -> None:
    with alone(None), alone(None):
        pass


def test_a_port_that_is_taken_or_none_of_ours_is_named() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CommandError, match=str(port)), listening("127.0.0.1", port):
            pass
    with pytest.raises(CommandError, match=r"203\.0\.113\.1"), listening("203.0.113.1", 0):
        pass
