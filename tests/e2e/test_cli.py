"""The command line as a shell sees it: what is printed where, and the exit code."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError

import pytest

from store import sheets
from store.db import Database
from tests.processes import ROOT
from tests.shop import place

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY = "from webhooks.cli import main; main()"
START_S = 30.0


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def failed(self, code: int = 1) -> str:
        """The one line it failed with."""
        assert self.code == code, self
        assert "Traceback" not in self.out + self.err
        if code == 1:
            assert len(self.err.strip().splitlines()) == 1, self.err
        return self.err

    def worked(self) -> "Done":
        assert self.code == 0, self
        return self


class Shell:
    """Runs commands in a folder, where a shop is configured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, stdin: str | bytes = "", **environ: str) -> Done:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        with self.start(*arguments, stdin=subprocess.PIPE, **environ) as process:
            out, err = process.communicate(given, timeout=120)
        return Done(process.returncode, out.decode(), err.decode())

    def start(
        self, *arguments: str, stdin: int | None = subprocess.DEVNULL, **environ: Any
    ) -> "subprocess.Popen[bytes]":
        kept = {key: value for key, value in os.environ.items() if "ZHANGGUI" not in key}
        return subprocess.Popen(
            [sys.executable, "-c", ENTRY, *arguments],
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(ROOT), **environ},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def chat(self, *arguments: str) -> Any:
        """One call with one message."""
        return self.run("chat", "--json", *arguments).worked().json

    def session(self, *lines: str, who: str = "owner") -> list[Any]:
        """One call with several messages."""
        done = self.run("chat", "--json", "--as", who, stdin="\n".join(lines)).worked()
        return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture
def shell(tmp_path: Path, sqlite_template: Path) -> Shell:
    (tmp_path / "zhanggui.db").write_bytes(sqlite_template.read_bytes())
    (tmp_path / "config.yaml").write_text("database: {url: 'sqlite:///zhanggui.db'}\n")
    return Shell(tmp_path)


# -- help and wrong use


COMMANDS = [
    "demo", "serve", "worker", "chat", "init", "understand", "audit", "owner-code", "doctor",
    "db upgrade", "db current", "db check", "sku import", "sku export", "stock export",
    "orders export", "ledger export",
]  # fmt: skip


@pytest.mark.parametrize("words", ["", *COMMANDS])
def test_every_command_has_help(tmp_path: Path, words: str) -> None:
    done = Shell(tmp_path).run(*words.split(), "--help").worked()
    assert "Usage: zhanggui" in done.out
    assert words not in COMMANDS[5:] or "--config" in done.out or words == "understand"


@pytest.mark.parametrize(
    "words", ["nothing", "chat --nothing", "serve --port x", "demo --port 70000", "sku import"]
)
def test_wrong_use_is_2_and_touches_nothing(tmp_path: Path, words: str) -> None:
    assert Shell(tmp_path).run(*words.split()).failed(2)
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_the_configuration_is_one_line(shell: Shell) -> None:
    (shell.folder / "config.yaml").write_text("shop: {nmae: x}\n")
    for words in ("chat 库存", "serve", "worker", "audit", "db upgrade", "owner-code"):
        assert "shop.nmae: there is no such setting" in shell.run(*words.split()).failed()
    assert "shop.nmae: there is no such setting" in shell.run("doctor").out


def test_a_named_file_that_is_missing_is_1(tmp_path: Path) -> None:
    done = Shell(tmp_path).run("chat", "--config", "no.yaml", "库存")
    assert "no.yaml" in done.failed()


# -- chat


def test_a_shop_begins_in_the_terminal_with_nothing_configured(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert "30" in shell.run("chat", "上架 咖啡豆 88元 库存30").worked().out
    shell.run("audit").worked()
    assert (tmp_path / "data" / "zhanggui.db").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "data_key").stat().st_mode & 0o077 == 0


def test_an_export_is_saved_where_one_is_and_over_nothing(shell: Shell, tmp_path: Path) -> None:
    shell.chat("上架 咖啡豆 88元 库存30")

    first = shell.run("chat", "导出 商品").worked()
    again = shell.run("chat", "--json", "导出 商品").worked()

    saved = [
        Path(line.partition("→ ")[2])
        for line in (first.out, again.err)
        for line in line.splitlines()
        if "→ " in line
    ]
    assert len(set(saved)) == 2
    assert all(path.parent == tmp_path for path in saved)
    assert all("咖啡豆" in path.read_text(encoding="utf-8-sig") for path in saved)
    assert again.json["outcome"] == "execute"


def test_json_replies_have_the_shape_scripts_rely_on(shell: Shell) -> None:
    reply = shell.chat("上架 咖啡豆 88元 库存30")
    assert {"text", "title", "fields", "table", "buttons", "outcome", "intent"} <= reply.keys()
    assert (reply["intent"], reply["outcome"]) == ("add_sku", "execute")
    assert ["可售", "30"] in reply["fields"]
    assert {"label": "撤销", "command": "撤销"} in reply["buttons"]


def test_a_dialogue_lasts_from_one_call_to_the_next(shell: Shell) -> None:
    _, asked = shell.session("上架 咖啡豆 88元 库存30", "盘点 咖啡豆 0")
    assert asked["outcome"] == "confirm"
    done = shell.chat("是")
    assert (done["intent"], done["outcome"], done["error"]) == ("stocktake", "execute", None)


def test_words_need_no_quotes_and_the_same_words_count_again(shell: Shell) -> None:
    shell.run("chat", "上架", "咖啡豆", "88元", "库存30").worked()
    shell.run("chat", "咖啡豆+50").worked()
    assert "80 → 130" in shell.run("chat", "咖啡豆+50").worked().out


def test_strangers_may_do_nothing_and_a_role_holds_for_one_call(shell: Shell) -> None:
    shell.chat("上架 咖啡豆 88元 库存30")
    assert shell.chat("--as", "ann", "--role", "staff", "咖啡豆+5")["error"] is None
    assert shell.chat("--as", "ann", "咖啡豆+5")["error"] == "forbidden"
    assert shell.chat("--role", "viewer", "咖啡豆+5")["error"] == "forbidden"
    shell.session("授权 ann 店员", "是")
    assert shell.chat("--as", "console:ann", "咖啡豆+5")["error"] is None


@pytest.mark.parametrize("name", ["", "a b", "feishu:ou_1", "x" * 61])
def test_a_name_that_is_none_is_refused(shell: Shell, name: str) -> None:
    assert "--as" in shell.run("chat", "--as", name, "库存").failed()


def test_lines_from_a_pipe_are_answered_one_by_one(shell: Shell) -> None:
    lines = "上架 咖啡豆 88元 库存30\n\n咖啡豆+50\n查 咖啡豆\n".encode() + b"\xff\xfe\n"
    done = shell.run("chat", "--json", stdin=lines).worked()
    replies = [json.loads(line) for line in done.out.splitlines()]
    assert [reply["intent"] for reply in replies[:3]] == ["add_sku", "restock", "query_stock"]
    assert len(replies) == 4


def test_tables_line_up_however_wide_their_signs_are(shell: Shell) -> None:
    shell.session("上架 咖啡豆 88元 库存30", "上架 hoodie 139元 库存3")
    lines = shell.run("chat", "库存").worked().out.splitlines()
    assert "  KFD     咖啡豆  ¥88   30    0" in lines
    assert "  HOODIE  hoodie  ¥139  3     0" in lines


# -- understand


def test_understanding_needs_no_configuration_and_no_database(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("not: [good")
    said = ["咖啡豆+50", json.dumps({"text": "查 龙井"}), "", "{broken", '{"text": 5}', "[1]"]
    done = Shell(tmp_path).run("understand", stdin="\n".join(said)).worked()
    readings = [json.loads(line) for line in done.out.splitlines()]
    assert len(readings) == len(said)
    assert readings[0]["slots"] == {"name": "咖啡豆", "delta": 50}
    assert readings[1]["text"] == "查 龙井"
    assert {reading["outcome"] for reading in readings[2:]} == {"ignore"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml"]


def test_understanding_knows_the_names_of_a_catalogue(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("code,name,price\nCB-101,茶杯,39\n", encoding="utf-8-sig")
    done = Shell(tmp_path).run("understand", "--catalogue", "c.csv", stdin="茶杯-2\n").worked()
    assert done.json["slots"] == {"name": "茶杯", "delta": -2}


@pytest.mark.parametrize("line", [b"\xff\xfe\x00", b"\x00" * 10, b"{" * 5000, b"[" * 5000])
def test_broken_bytes_are_understood_as_nothing(tmp_path: Path, line: bytes) -> None:
    done = Shell(tmp_path).run("understand", stdin=line + b"\n").worked()
    assert done.json["outcome"] == "ignore"


# -- files


GOODS = "code,name,specs,price,stock\nA-1,茶杯,颜色=白色,39,10\nA-2,茶杯,颜色=黑色,39,8\n"


def test_an_unchanged_export_changes_nothing(shell: Shell) -> None:
    (shell.folder / "goods.csv").write_text(GOODS, encoding="utf-8")
    for options in (["--dry-run"], []):  # the dry run wrote nothing, so they are new again
        done = shell.run("sku", "import", "goods.csv", *options).worked()
        assert "2 new, 0 changed, 0 unchanged, 0 refused" in done.out
    shell.run("sku", "export", "out.csv").worked()
    with (shell.folder / "out.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["code"] for row in rows] == ["A-1", "A-2"]
    assert rows[0]["specs"] == "颜色=白色"
    again = shell.run("sku", "import", "out.csv").worked()
    assert "0 new, 0 changed, 2 unchanged, 0 refused" in again.out
    shell.run("audit").worked()


def test_a_refused_row_is_named_and_stops_the_import(shell: Shell) -> None:
    bad = GOODS + "A-3,碗,,12.345,1\n"
    (shell.folder / "goods.csv").write_text(bad, encoding="utf-8")
    done = shell.run("sku", "import", "goods.csv")
    assert "row 4, price" in done.out
    assert "nothing written" in done.failed()
    partial = shell.run("sku", "import", "goods.csv", "--partial").worked()
    assert "row 4, price" in partial.out
    assert "2 new" in partial.out


def test_stock_of_known_skus_counts_only_when_asked_for(shell: Shell) -> None:
    (shell.folder / "goods.csv").write_text(GOODS, encoding="utf-8")
    shell.run("sku", "import", "goods.csv").worked()
    assert ["现有", "10 → 15"] in shell.chat("A-1+5")["fields"]
    assert "left alone" in shell.run("sku", "import", "goods.csv").worked().out
    shell.run("sku", "import", "goods.csv", "--stock", "add").worked()
    assert ["现有", "25 → 26"] in shell.chat("A-1+1")["fields"]
    shell.run("sku", "import", "goods.csv", "--stock", "set").worked()
    assert ["现有", "10"] in shell.chat("查 A-1")["fields"]
    shell.run("audit").worked()


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04", b"\xff\xfea", b"\0"])
def test_a_file_that_is_no_sku_file_is_refused(shell: Shell, content: bytes) -> None:
    (shell.folder / "x.csv").write_bytes(content)
    shell.run("sku", "import", "x.csv").failed()


def test_an_export_that_cannot_be_written_leaves_nothing(shell: Shell) -> None:
    before = sorted(path.name for path in shell.folder.iterdir())
    assert "missing/out.csv" in shell.run("sku", "export", "missing/out.csv").failed()
    assert "ends in .csv or .xlsx" in shell.run("stock", "export", "out.xls").failed()
    assert sorted(path.name for path in shell.folder.iterdir()) == before


def test_a_workbook_goes_out_and_comes_in_unchanged_and_names_its_columns(shell: Shell) -> None:
    goods = GOODS.replace("code,name", "货号,品名") + "'=A-3,碗,,5,1\n"
    (shell.folder / "goods.csv").write_text(goods, encoding="utf-8")
    refused = shell.run("sku", "import", "goods.csv", "--dry-run")
    assert "row 4, code" in refused.out
    assert "columns: code <- 货号, name <- 品名, specs, price, stock" in refused.out
    (shell.folder / "goods.csv").write_text(GOODS, encoding="utf-8")
    shell.run("sku", "import", "goods.csv").worked()
    for kind in ("sku", "stock"):
        shell.run(kind, "export", "out.xlsx").worked()
        assert (shell.folder / "out.xlsx").read_bytes().startswith(b"PK")
        again = shell.run("sku", "import", "out.xlsx").worked()
        assert "0 new, 0 changed, 2 unchanged, 0 refused" in again.out


def test_orders_and_the_ledger_go_out_by_days(shell: Shell) -> None:
    (shell.folder / "goods.csv").write_text(GOODS, encoding="utf-8")
    shell.run("sku", "import", "goods.csv").worked()
    assert shell.chat("扣减 A-1 2")["outcome"] == "execute"
    database = Database(f"sqlite:///{shell.folder}/zhanggui.db")
    number = place(database, ("A-2", 3))
    database.close()
    for kind, rows in (("ledger", 4), ("orders", 1)):
        for days, most in (([], rows), (["--from", "2099-01-01"], 0), (["--to", "2020-01-01"], 0)):
            shell.run(kind, "export", f"{kind}.csv", *days).worked()
            content = (shell.folder / f"{kind}.csv").read_bytes()
            assert content.startswith(b"\xef\xbb\xbf")
            assert len(content.splitlines()) == most + 1
    shell.run("ledger", "export", "ledger.csv").worked()
    with (shell.folder / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        told = [(row["编码"], row["变化"], row["原因"]) for row in csv.DictReader(file)]
    assert told[-2:] == [("A-1", "-2", "聊天里说的"), ("A-2", "0", f"订单 {number}")]
    shell.run("orders", "export", "orders.xlsx").worked()
    (_, line) = sheets.read((shell.folder / "orders.xlsx").read_bytes())
    assert line.cells[0] == number
    assert "13812345678" not in line.cells
    wrong = shell.run("orders", "export", "x.csv", "--from", "2026-02-02", "--to", "2026-02-01")
    assert "the last day is before the first" in wrong.failed(2)


# -- audit, schema, owner


def test_a_wrong_figure_is_named_and_fails_the_audit(shell: Shell) -> None:
    import sqlite3  # noqa: PLC0415

    shell.chat("上架 咖啡豆 88元 库存30")
    report = shell.run("audit", "--json").worked().json
    assert report == {"ok": True, "checked": 1, "faults": []}
    connection = sqlite3.connect(shell.folder / "zhanggui.db")
    connection.execute("UPDATE sku SET on_hand = 31")
    connection.commit()
    connection.close()
    done = shell.run("audit", "--json")
    assert done.code == 1
    assert {"sku": "KFD", "field": "on_hand", "stored": 31, "computed": 30} in done.json["faults"]
    assert shell.run("audit").code == 1


def test_reading_commands_make_no_database(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    for words in ("audit", "db current", "db check", "sku export out.csv"):
        assert "there is no database" in shell.run(*words.split()).failed()
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_made_named_and_compared(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    revision = shell.run("db", "upgrade").worked().out
    assert shell.run("db", "current").worked().out == revision
    shell.run("db", "check").worked()


def test_an_owner_code_makes_whoever_sends_it_the_owner_once(shell: Shell) -> None:
    code = shell.run("owner-code").worked().out.strip()
    before, became, after = shell.session("开门", f"我是店主 {code}", "开门", who="ann")
    assert [reply["error"] for reply in (before, became, after)] == ["forbidden", None, None]
    assert shell.session(f"我是店主 {code}", who="bob")[0]["error"] is not None


# -- serve and worker


@contextmanager
def running(shell: Shell, *arguments: str, **environ: Any) -> "Iterator[subprocess.Popen[bytes]]":
    process = shell.start(*arguments, **environ)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code
    except (URLError, ConnectionError, TimeoutError):
        return 0


def wait_for(port: int, path: str = "/readyz") -> None:
    deadline = time.monotonic() + START_S
    while status(port, path) != 200:
        assert time.monotonic() < deadline, f"{path} does not answer"
        time.sleep(0.05)


def stopped(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Exit code and log of a process that was told to stop."""
    _, err = process.communicate(timeout=START_S)
    return process.returncode, err.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_serves_and_stops_when_told(shell: Shell, number: int) -> None:
    port = free_port()
    with running(shell, "serve", "--port", str(port)) as server:
        wait_for(port)
        assert status(port, "/healthz") == 200
        assert status(port, "/chat") == 404  # the demo's alone
        shell.run("chat", "上架 咖啡豆 88元 库存30").worked()
        shell.run("audit").worked()
        server.send_signal(number)
        code, log = stopped(server)
    assert code == 0, log
    assert "Traceback" not in log


def test_a_taken_port_is_named(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in shell.run("serve", "--port", port).failed()


def test_a_second_server_of_the_same_file_is_refused_until_the_first_is_gone(shell: Shell) -> None:
    port = free_port()
    with running(shell, "serve", "--port", str(port)) as server:
        wait_for(port)
        assert "another zhanggui serves" in shell.run("serve", "--port", "0").failed()
        server.kill()
        server.communicate()
    with running(shell, "serve", "--port", str(port)):
        wait_for(port)  # the lock went with the process that held it


def test_what_the_settings_say_of_the_server_holds(shell: Shell) -> None:
    port = free_port()
    environ = {"ZHANGGUI__SERVER__PORT": str(port), "ZHANGGUI__SERVER__WORKER": "false"}
    with running(shell, "serve", **environ) as server:
        wait_for(port)
        server.terminate()
        code, log = stopped(server)
    assert code == 0
    assert "lease_gained" not in log
    assert "worker=False" in log


def test_a_worker_works_beside_a_server_without_one(shell: Shell) -> None:
    port = free_port()
    with (
        running(shell, "serve", "--no-worker", "--port", str(port)),
        running(shell, "worker", ZHANGGUI__LOG__FORMAT="json") as worker,
    ):
        wait_for(port)
        assert worker.stderr is not None
        events = (json.loads(line)["event"] for line in worker.stderr)
        assert "lease_gained" in events
        worker.terminate()
        assert worker.wait(START_S) == 0


def test_owners_of_the_settings_are_appointed(shell: Shell) -> None:
    environ = {"ZHANGGUI__MEMBERS__OWNERS": '["console:ann"]'}
    done = shell.run("chat", "--as", "ann", "--json", "开门", **environ).worked()
    assert done.json["error"] is None
