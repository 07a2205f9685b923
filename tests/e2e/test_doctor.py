"""``zhanggui doctor``: what it finds, what it says to do, and that it gives nothing away."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from store import codes, outbox
from store.db import Database
from tests.e2e.test_cli import Done, Shell, free_port, running, wait_for
from tests.fakes import feishu as feishu_fake
from tests.fakes.feishu import FakeFeishu
from tests.fakes.wecom import FakeWecom
from tests.fakes.wecom import faults as wecom_faults
from webhooks.shell.doctor import examine
from webhooks.shell.findings import Check, guarded

AES_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
CANARY = "canary-s3cret"


@pytest.fixture
def shell(tmp_path: Path, sqlite_template: Path) -> Shell:
    """A shop with an owner, a key and an address: nothing is wrong with it."""
    (tmp_path / "zhanggui.db").write_bytes(sqlite_template.read_bytes())
    shell = Shell(tmp_path)
    write(shell)
    return shell


def write(shell: Shell, **sections: Any) -> None:
    """Write config.yaml: JSON is YAML."""
    sound = {
        "shop": {"public_url": "https://shop.example.com"},
        "database": {"url": "sqlite:///zhanggui.db"},
        "server": {"admin_token": f"{CANARY}-admin", "trusted_proxies": ["127.0.0.1"]},
        "security": {"data_key": f"{CANARY}-data"},
        "members": {"owners": ["console:ann"]},
    }
    (shell.folder / "config.yaml").write_text(json.dumps({**sound, **sections}))


def doctor(shell: Shell, *arguments: str) -> Done:
    done = shell.run("doctor", *arguments)
    assert done.code in {0, 1}, done
    assert CANARY not in done.out + done.err
    assert "Traceback" not in done.out + done.err
    return done


def checks(done: Done) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in done.json["checks"]}


def found(shell: Shell, name: str) -> dict[str, str]:
    """One check of a run, which is 1 when anything is a fault."""
    done = doctor(shell, "--json")
    states = {check["state"] for check in done.json["checks"]}
    assert done.code == int("fault" in states) == int(not done.json["ok"])
    return checks(done)[name]


def look(shell: Shell, name: str) -> Check:
    """The same without a process of its own."""
    report = examine(shell.folder / "config.yaml")
    return next(check for check in report.checks if check.name == name)


# -- the report


def test_a_sound_shop_has_nothing_to_mend(shell: Shell) -> None:
    done = doctor(shell, "--json")
    assert done.code == 0
    assert done.json["ok"] is True
    assert done.err == ""
    assert {check["state"] for check in done.json["checks"]} <= {"ok", "warning"}
    for check in done.json["checks"]:
        assert check.keys() == {"name", "state", "detail", "cure"}
        assert (check["state"] == "ok") == (check["cure"] == "")


def test_the_settings_are_the_effective_ones_without_their_secrets(shell: Shell) -> None:
    done = shell.run("doctor", "--json", ZHANGGUI__SHOP__NAME="茶馆")
    settings = done.json["settings"]
    assert settings["shop"]["name"] == "茶馆"
    assert settings["server"]["admin_token"] == "***"
    assert settings["security"]["data_key"] == "***"
    assert settings["feishu"]["app_secret"] == ""
    assert settings["wecom"]["robots"][0]["webhook"] == ""
    assert settings["server"]["port"] == 8000


def test_people_read_a_line_a_check_with_the_cure_under_it(shell: Shell) -> None:
    write(shell, members={}, wecom={"robots": [{"webhook": "https://example.com/x"}]})
    done = doctor(shell)
    lines = done.out.splitlines()
    assert any(line.startswith("shop: ") and "shop.example.com" in line for line in lines)
    marks = {line[0] for line in lines if line[:2] in {"✓ ", "! ", "✗ "}}
    assert marks == {"✓", "!", "✗"}
    owner = next(number for number, line in enumerate(lines) if line.startswith("! owner"))
    assert lines[owner + 1].startswith("    → zhanggui owner-code")
    assert "wecom.robots orders" in done.failed()


def test_a_bad_configuration_is_one_fault_that_names_the_key(shell: Shell) -> None:
    (shell.folder / "config.yaml").write_text("shop: {nmae: x}\n")
    done = doctor(shell)
    assert "shop.nmae: there is no such setting" in done.failed()
    assert [line for line in done.out.splitlines() if line.startswith("✗")] == [
        "✗ config: shop.nmae: there is no such setting (did you mean name?)"
    ]
    assert checks(doctor(shell, "--json")).keys() == {"config"}


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"feishu": {"app_id": "cli_x"}}, "feishu.app_secret"),
        ({"wecom": {"aibot": {"bot_id": "b"}}}, "wecom.aibot.secret"),
        ({"wecom": {"app": {"agent_id": 1}}}, "wecom.corp_id"),
    ],
)
def test_a_part_that_lacks_its_secret_names_the_key(
    shell: Shell, section: dict[str, Any], key: str
) -> None:
    write(shell, **section)
    assert key in doctor(shell).failed()


def test_a_missing_file_is_a_fault(shell: Shell) -> None:
    assert "no.yaml" in doctor(shell, "--config", "no.yaml").failed()


def test_a_check_that_breaks_is_a_fault_and_tells_no_secret() -> None:
    def breaks() -> list[Check]:
        raise ValueError(f"cannot use {CANARY}-long of {CANARY}\nand more")

    secrets = ["", CANARY, f"{CANARY}-long"]
    assert list(guarded(secrets, "clock", breaks)) == [
        Check("clock", "fault", "ValueError: cannot use *** of ***")
    ]


def test_it_works_beside_a_running_server_and_changes_nothing(shell: Shell) -> None:
    port = free_port()
    with running(shell, "serve", "--port", str(port)):
        wait_for(port)
        assert "writable" in found(shell, "database")["detail"]
        done = shell.run("chat", "--as", "ann", "--json", "上架 咖啡豆 88元 库存30").worked()
        assert done.json["error"] is None
    with sqlite3.connect(shell.folder / "zhanggui.db") as connection:
        people = connection.execute("SELECT platform FROM member").fetchall()
    connection.close()
    assert ("doctor",) not in people


# -- the shop's own things


def test_a_shop_that_never_started_is_told_where_things_will_be(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    write(shell, database={"url": "sqlite:///data/zhanggui.db"}, security={}, members={})
    done = doctor(shell, "--json")
    assert done.code == 0
    there = checks(done)
    assert "serve makes" in there["database"]["detail"]
    assert str(tmp_path / "data" / "data_key") in there["data_key"]["detail"]
    assert "owner-code" in there["owner"]["cure"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml"]


def test_a_database_that_cannot_be_opened_is_a_fault(shell: Shell) -> None:
    (shell.folder / "folder.db").mkdir()
    write(shell, database={"url": "sqlite:///folder.db"})
    check = found(shell, "database")
    assert check["state"] == "fault"
    assert check["cure"]


def test_a_file_that_is_no_database_is_a_fault_and_the_rest_is_still_looked_at(
    shell: Shell,
) -> None:
    (shell.folder / "zhanggui.db").write_bytes(b"goods " * 1000)
    done = doctor(shell, "--json")
    there = checks(done)
    assert done.code == 1
    assert there["database"]["state"] == "fault"
    assert there["public_url"]["state"] == "ok"


def test_a_schema_that_is_behind_names_the_command(shell: Shell) -> None:
    with sqlite3.connect(shell.folder / "zhanggui.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    check = look(shell, "database")
    assert check.state == "warning"
    assert "zhanggui db upgrade" in check.cure


def test_a_locked_database_is_said_to_be_locked(shell: Shell) -> None:
    connection = sqlite3.connect(shell.folder / "zhanggui.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    check = look(shell, "database")
    connection.close()
    assert (check.state, "locked" in check.detail) == ("warning", True)


def test_a_mysql_server_that_is_not_there_is_a_fault_without_its_password(shell: Shell) -> None:
    write(shell, database={"url": f"mysql+pymysql://shop:{CANARY}@127.0.0.1:{free_port()}/shop"})
    check = found(shell, "database")
    assert check["state"] == "fault"
    assert "shop at 127.0.0.1" in check["detail"]


def test_an_address_that_is_none_is_a_fault_of_the_configuration(shell: Shell) -> None:
    write(shell, database={"url": f"mysql+pymysql://shop:{CANARY}@127.0.0.1:port/shop"})
    there = checks(doctor(shell, "--json"))
    assert there["config"]["state"] == "fault"
    assert "database.url" in there["config"]["detail"]


def test_an_address_that_leads_nowhere_is_a_fault_and_the_rest_is_still_looked_at(
    shell: Shell,
) -> None:
    write(shell, database={"url": f"mysql+pymysql://shop:{CANARY}@127.0.0.1:1/shop?x=y"})
    there = checks(doctor(shell, "--json"))
    assert there["database"]["state"] == "fault"
    assert there["public_url"]["state"] == "ok"


@pytest.mark.mysql
def test_mysql_is_looked_at_too(shell: Shell, mysql_url: str) -> None:
    write(shell, database={"url": mysql_url})
    there = checks(doctor(shell, "--json"))
    assert "writable" in there["database"]["detail"]
    assert "the database" in there["clock"]["detail"]


def test_the_key_that_was_made_is_named(shell: Shell) -> None:
    write(shell, security={})
    key = shell.folder / "data_key"
    assert look(shell, "data_key").state == "warning"  # a database, and no key to read it
    key.write_text(f"{CANARY}-made\n")
    key.chmod(0o600)
    check = found(shell, "data_key")
    assert check["state"] == "ok"
    assert f"generated once, kept in {key}" in check["detail"]
    key.chmod(0o644)
    assert look(shell, "data_key").cure == f"chmod 600 {key}"
    key.write_text("")
    assert look(shell, "data_key").state == "fault"


def test_another_key_than_the_one_used_so_far_is_noticed(shell: Shell) -> None:
    key = shell.folder / "data_key"
    key.write_text("another one")
    assert look(shell, "data_key").state == "warning"
    key.write_text(f"{CANARY}-data\n")
    assert look(shell, "data_key").state == "ok"


def test_a_shop_without_an_owner_is_told_how_to_get_one(shell: Shell) -> None:
    write(shell, members={})
    check = look(shell, "owner")
    assert (check.state, "zhanggui owner-code" in check.cure) == ("warning", True)
    database = Database(f"sqlite:///{shell.folder}/zhanggui.db")
    code = database.run(lambda tx: codes.issue(tx, purpose=codes.OWNER, ttl=timedelta(minutes=5)))
    database.close()
    shell.run("chat", "--as", "bob", f"我是店主 {code}").worked()
    assert look(shell, "owner").state == "ok"


def test_what_waits_and_what_was_given_up_is_counted(shell: Shell) -> None:
    assert look(shell, "outbox").detail.startswith("0 waiting")
    database = Database(f"sqlite:///{shell.folder}/zhanggui.db")
    for number in range(3):
        key = f"k{number}"
        database.run(
            lambda tx, key=key: outbox.post(  # type: ignore[misc]  # mypy cannot type a default of a lambda
                tx, target="feishu:oc_1", topic="orders", kind="text", key=key, payload={}
            )
        )
    database.close()
    assert (check := look(shell, "outbox")).state == "ok"
    assert check.detail.startswith("3 waiting")
    _update(shell, "UPDATE outbox SET state = 'dead' WHERE dedupe_key LIKE 'k0%'")
    assert (check := look(shell, "outbox")).state == "warning"
    assert "2 waiting" in check.detail
    assert "1 given up" in check.detail
    _update(shell, "UPDATE outbox SET created_at = '2026-01-01 00:00:00.000000'")
    check = look(shell, "outbox")
    assert "0 given up" in check.detail
    assert check.state == "warning"  # what has waited since January


def _update(shell: Shell, statement: str) -> None:
    with sqlite3.connect(shell.folder / "zhanggui.db") as connection:
        assert connection.execute(statement).rowcount
    connection.close()


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("", "warning"),
        ("http://shop.example.com", "warning"),
        ("https://shop.example.com", "ok"),
    ],
)
def test_a_storefront_wants_https(shell: Shell, url: str, state: str) -> None:
    write(shell, shop={"public_url": url})
    check = look(shell, "public_url")
    assert check.state == state
    assert url in check.detail


def test_a_proxy_that_is_not_trusted_is_noticed(shell: Shell) -> None:
    write(shell, server={})
    check = look(shell, "public_url")
    assert "server.trusted_proxies" in check.cure


# -- platforms


@pytest.fixture
def feishu() -> Iterator[FakeFeishu]:
    with FakeFeishu() as fake:
        yield fake


@pytest.fixture
def wecom() -> Iterator[FakeWecom]:
    with FakeWecom() as fake:
        yield fake


def on_feishu(fake: FakeFeishu, **other: Any) -> dict[str, Any]:
    return {
        "base_url": fake.base_url,
        "app_id": fake.app_id,
        "app_secret": fake.app_secret,
        **other,
    }


def on_wecom(fake: FakeWecom, **other: Any) -> dict[str, Any]:
    app = fake.app
    return {
        "base_url": fake.base_url,
        "corp_id": fake.corp_id,
        "app": {
            "agent_id": app.agent_id,
            "secret": app.secret,
            "token": app.token,
            "encoding_aes_key": app.encoding_aes_key,
        },
        **other,
    }


def test_no_platform_is_called_unless_it_is_configured(
    shell: Shell, feishu: FakeFeishu, wecom: FakeWecom
) -> None:
    write(shell, feishu={"base_url": feishu.base_url}, wecom={"base_url": wecom.base_url})
    there = checks(doctor(shell, "--json"))
    assert there["platforms"]["state"] == "warning"
    assert not {"feishu", "wecom app", "fonts"} & there.keys()
    assert (feishu.requests, wecom.requests) == ([], [])


def test_good_feishu_credentials_name_the_bot(shell: Shell, feishu: FakeFeishu) -> None:
    write(shell, feishu=on_feishu(feishu))
    done = doctor(shell, "--json")
    there = checks(done)
    assert done.code == 0
    assert feishu.bot_name in there["feishu"]["detail"]
    assert "no public address needed" in there["feishu way in"]["detail"]
    assert feishu.app_secret not in done.out
    assert feishu.messages == []


def test_a_wrong_feishu_secret_is_a_fault_with_its_cure(shell: Shell, feishu: FakeFeishu) -> None:
    write(shell, feishu=on_feishu(feishu, app_secret=f"{CANARY}-wrong"))
    check = found(shell, "feishu")
    assert check["state"] == "fault"
    assert "10015" in check["detail"]
    assert "feishu.app_secret" in check["cure"]


def test_good_wecom_credentials_are_accepted(shell: Shell, wecom: FakeWecom) -> None:
    write(shell, wecom=on_wecom(wecom))
    done = doctor(shell, "--json")
    there = checks(done)
    assert done.code == 0
    assert there["wecom app"]["state"] == "ok"
    assert there["wecom.app way in"]["detail"].startswith(
        "callback at https://shop.example.com/webhooks/wecom;"
    )
    assert wecom.app.secret not in done.out
    assert wecom.said == []


def test_a_wrong_wecom_secret_is_a_fault_with_its_cure(shell: Shell, wecom: FakeWecom) -> None:
    section = on_wecom(wecom)
    section["app"]["secret"] = f"{CANARY}-wrong"
    write(shell, wecom=section)
    check = found(shell, "wecom app")
    assert (check["state"], "40001" in check["detail"]) == ("fault", True)
    assert "Secret" in check["cure"]


def test_a_robots_only_connection_is_not_taken_from_a_running_shop(
    shell: Shell, wecom: FakeWecom
) -> None:
    robot = {
        "bot_id": wecom.aibot.bot_id,
        "secret": wecom.aibot.secret,
        "websocket_url": wecom.websocket_url,
    }
    write(shell, wecom={"base_url": wecom.base_url, "aibot": robot})
    there = checks(doctor(shell, "--json"))
    assert "no public address needed" in there["wecom.aibot way in"]["detail"]
    assert there["wecom aibot"]["detail"].startswith("not checked")
    assert wecom.connects == 0


@pytest.mark.parametrize("platform", ["feishu", "wecom"])
def test_a_platform_that_hangs_is_a_fault_within_seconds(
    shell: Shell, platform: str, feishu: FakeFeishu, wecom: FakeWecom
) -> None:
    feishu.pause(how=feishu_fake.faults.hang())
    wecom.pause(how=wecom_faults.hang())
    write(shell, **{platform: on_feishu(feishu) if platform == "feishu" else on_wecom(wecom)})
    began = datetime.now(UTC)
    check = found(shell, "feishu" if platform == "feishu" else "wecom app")
    took = datetime.now(UTC) - began
    feishu.heal()
    wecom.heal()
    assert (check["state"], check["detail"]) == ("fault", "no answer in time")
    assert "network" in check["cure"]
    assert took < timedelta(seconds=30)  # 5 for the calls, side by side; the rest is importing


def test_a_platform_that_is_not_there_is_a_fault(shell: Shell) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    section = {"base_url": nowhere, "app_id": "cli_x", "app_secret": f"{CANARY}-app"}
    write(shell, feishu=section)
    check = found(shell, "feishu")
    assert (check["state"], check["detail"]) == ("fault", "cannot connect")


@contextmanager
def clock_of(offset: timedelta) -> Iterator[str]:
    """A platform of which only the clock works."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(404)
            self.send_header("Date", format_datetime(datetime.now(UTC) - offset, usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name there)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("offset_s", "state", "words"),
    [
        (0, "ok", "within 60 s of feishu"),
        (-40, "ok", "within 60 s of feishu"),
        (120, "warning", "ahead of feishu"),
        (-120, "warning", "behind feishu"),
        (600, "fault", "ahead of feishu"),
        (-600, "fault", "behind feishu"),
    ],
)
def test_a_clock_that_is_off_is_noticed(
    shell: Shell, offset_s: int, state: str, words: str
) -> None:
    with clock_of(timedelta(seconds=offset_s)) as url:
        robot = {"webhook": f"{url}/open-apis/bot/v2/hook/{CANARY}"}
        write(shell, feishu={"base_url": url, "robots": [robot]})
        check = look(shell, "clock")
    assert (check.state, words in check.detail) == (state, True), check


@pytest.mark.parametrize("url", ["", "http://shop.example.com"])
def test_a_callback_without_public_https_is_a_fault(
    shell: Shell, feishu: FakeFeishu, url: str
) -> None:
    section = on_feishu(feishu, mode="callback", encrypt_key="k", verification_token="t")
    write(shell, feishu=section, shop={"public_url": url})
    check = found(shell, "feishu way in")
    assert check["state"] == "fault"
    assert "/webhooks/feishu" in check["cure"]


def test_the_callback_address_to_enter_is_named(shell: Shell, feishu: FakeFeishu) -> None:
    section = on_feishu(feishu, mode="callback", encrypt_key="k", verification_token="t")
    robot = {"mode": "callback", "token": "t", "encoding_aes_key": AES_KEY}
    write(shell, feishu=section, wecom={"base_url": feishu.base_url, "aibot": robot})
    there = checks(doctor(shell, "--json"))
    assert "https://shop.example.com/webhooks/feishu" in there["feishu way in"]["detail"]
    assert "https://shop.example.com/webhooks/wecom/aibot" in there["wecom.aibot way in"]["detail"]


@pytest.mark.parametrize(
    ("key", "state"),
    [
        (AES_KEY, "ok"),
        (AES_KEY[:42], "fault"),
        (AES_KEY + "A", "fault"),
        (AES_KEY[:42] + "=", "fault"),
    ],
)
def test_an_encoding_key_has_43_letters_and_digits(
    shell: Shell, wecom: FakeWecom, key: str, state: str
) -> None:
    robot = {"mode": "callback", "token": "t", "encoding_aes_key": key}
    write(shell, wecom={"base_url": wecom.base_url, "aibot": robot})
    report = examine(shell.folder / "config.yaml")
    states = {check.name: check.state for check in report.checks}
    assert states["config"] == state
    assert not any(key in check.detail for check in report.checks)


@pytest.mark.parametrize(
    ("platform", "address", "state"),
    [
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/", "ok"),
        ("feishu", "https://open.larksuite.com/open-apis/bot/v2/hook/", "ok"),
        ("feishu", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", "fault"),
        ("feishu", "https://open.feishu.cn.example.com/open-apis/bot/v2/hook/", "fault"),
        ("feishu", "https://open.feishu.cn/document/", "fault"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", "ok"),
        ("wecom", "https://open.feishu.cn/open-apis/bot/v2/hook/", "fault"),
        (
            "wecom",
            "https://user:x@qyapi.weixin.qq.com@example.com/cgi-bin/webhook/send?k=",
            "fault",
        ),
    ],
)
def test_a_robots_address_is_its_platforms_own(
    shell: Shell, feishu: FakeFeishu, platform: str, address: str, state: str
) -> None:
    robot = {"name": "orders", "webhook": f"{address}{CANARY}"}
    write(shell, **{platform: {"base_url": feishu.base_url, "robots": [robot]}})
    check = look(shell, f"{platform}.robots orders")
    assert check.state == state
    assert CANARY not in check.detail
    assert not feishu.calls("POST")  # looked at, not used


def test_fonts_matter_where_wecom_is_on(shell: Shell, wecom: FakeWecom) -> None:
    robot = {"name": "orders", "webhook": wecom.webhook("orders")}
    write(shell, wecom={"base_url": wecom.base_url, "robots": [robot]})
    check = look(shell, "fonts")
    assert check.state == "ok" or "fonts-wqy-microhei" in check.cure


def test_no_secret_of_any_kind_is_printed(
    shell: Shell, feishu: FakeFeishu, wecom: FakeWecom
) -> None:
    hook = f"{feishu.base_url}/open-apis/bot/v2/hook/{CANARY}-hook"
    section = on_wecom(wecom, robots=[{"webhook": f"{wecom.base_url}/x?key={CANARY}"}])
    section["app"] |= {"secret": f"{CANARY}-app", "token": f"{CANARY}-t"}
    write(
        shell,
        feishu=on_feishu(
            feishu,
            app_secret=f"{CANARY}-secret",
            encrypt_key=f"{CANARY}-key",
            verification_token=f"{CANARY}-token",
            robots=[{"webhook": hook, "secret": f"{CANARY}-sign"}],
        ),
        wecom=section,
        redis={"url": f"redis://:{CANARY}@127.0.0.1:6379/0"},
    )
    for arguments in ([], ["--json"]):
        done = doctor(shell, *arguments)  # which looks for the canary
        assert wecom.app.encoding_aes_key not in done.out + done.err
        assert "***" in done.out


@contextmanager
def readiness(checks: dict[str, str]) -> Iterator[int]:
    """The port of a server that says this at ``/readyz``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"checks": checks}).encode()
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("said", "state", "cure"),
    [
        ("connected", "ok", ""),
        ("connecting", "warning", "网络"),
        ("replaced", "fault", "停掉它"),
        ("refused", "fault", "853000"),
    ],
)
def test_the_running_server_tells_of_its_connection(
    shell: Shell, wecom: FakeWecom, said: str, state: str, cure: str
) -> None:
    robot = {"bot_id": "b", "secret": "s", "websocket_url": wecom.websocket_url}
    with readiness({"wecom": said}) as port:
        section = {"base_url": wecom.base_url, "aibot": robot}
        write(shell, wecom=section, server={"port": port})
        found_check = found(shell, "wecom.aibot connection")
    assert found_check["state"] == state
    assert cure in found_check["cure"]
    assert said in found_check["detail"]


def test_without_a_server_nobody_knows_whether_a_connection_stands(
    shell: Shell, wecom: FakeWecom
) -> None:
    robot = {"bot_id": "b", "secret": "s", "websocket_url": wecom.websocket_url}
    section = {"base_url": wecom.base_url, "aibot": robot}
    write(shell, wecom=section, server={"port": free_port()})
    check = found(shell, "wecom.aibot connection")
    assert (check["state"], "serve" in check["cure"]) == ("warning", True)
