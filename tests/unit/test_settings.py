"""Settings: what is read from where, and the one line that says what is wrong."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, data_key, data_key_file, load
from tests import settings_page

SECRET = "canary-s3cret-value"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str = "", **environ: str) -> Settings:
    return load(write(folder, text), environ)


def refusal(folder: Path, text: str = "", **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(folder, text, **environ)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_example_starts_as_it_is_and_shows_every_default() -> None:
    example = load(settings_page.EXAMPLE, {})
    assert example.database_file == settings_page.ROOT / "data" / "zhanggui.db"
    others = set(Settings.model_fields) - {"database"}
    assert example.model_dump(include=others) == Settings().model_dump(include=others)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (settings_page.EXAMPLE, settings_page.example()),
        (settings_page.PAGE, settings_page.page()),
    ],
    ids=["config.example.yaml", "docs/settings.md"],
)
def test_what_is_made_from_the_declaration_is_up_to_date(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run python -m tests.settings_page"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "shop: {name: 茶馆, language: en}\nserver: {port: 9000}",
        ZHANGGUI__SHOP__NAME="咖啡馆",
        ZHANGGUI__MEMBERS__OWNERS='["wecom:zhangsan"]',
        ZHANGGUI__SECURITY__CALLBACK_WINDOW_SECONDS__FEISHU="60",
        ZHANGGUI__SERVER__WORKER="false",
    )
    assert (settings.shop.name, settings.shop.language) == ("咖啡馆", "en")
    assert settings.members.owners == ("wecom:zhangsan",)
    assert settings.security.callback_window_seconds.feishu == 60
    assert (settings.server.port, settings.server.worker) == (9000, False)


def test_lists_of_sections_come_from_the_environment_as_json(tmp_path: Path) -> None:
    robots = [{"name": "a", "webhook": "https://example.com/hook/1", "topics": ["orders"]}]
    settings = read(tmp_path, ZHANGGUI__WECOM__ROBOTS=json.dumps(robots))
    assert settings.wecom.robots[0].topics == ("orders",)
    assert settings.wecom.robots[0].on


def test_relative_paths_count_from_the_files_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    settings = read(
        tmp_path,
        "database: {url: 'sqlite:///shop.db'}\nalipay: {private_key_file: keys/app.pem}\n"
        "backup: {dir: backups}\nshop: {logo: logo.png, pay_qr: 'https://example.com/qr.png'}",
    )
    assert settings.database_file == tmp_path / "shop.db"
    assert settings.alipay.private_key_file == str(tmp_path / "keys/app.pem")
    assert settings.backup.dir == str(tmp_path / "backups")
    assert settings.shop.logo == str(tmp_path / "logo.png")
    assert settings.shop.pay_qr == "https://example.com/qr.png"


def test_absolute_paths_and_mysql_stay_as_they_are(tmp_path: Path) -> None:
    assert read(tmp_path, "database: {url: 'sqlite:////srv/shop.db'}").database_file == Path(
        "/srv/shop.db"
    )
    mysql = read(tmp_path, "database: {url: 'mysql+pymysql://u:p@host/shop'}")
    assert mysql.database_url == "mysql+pymysql://u:p@host/shop"
    assert mysql.database_file is None


def test_the_default_file_is_taken_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).source is None
    write(tmp_path, "shop: {name: here}")
    assert load(None, {}).shop.name == "here"
    (tmp_path / "other.yaml").write_text("shop: {name: other}")
    assert load(None, {"ZHANGGUI_CONFIG": "other.yaml"}).shop.name == "other"


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: there is no such"):
        load(tmp_path / "nowhere.yaml", {})
    with pytest.raises(SettingsError, match=r"nowhere\.yaml"):
        load(None, {"ZHANGGUI_CONFIG": str(tmp_path / "nowhere.yaml")})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("shop: {nmae: x}", "shop.nmae: there is no such setting (did you mean name?)"),
        ("shpo: {name: x}", "shpo: there is no such setting (did you mean shop?)"),
        ("wecom: {app: {agentid: 1}}", "wecom.app.agentid: there is no such setting"),
        ("feishu: {robots: [{hook: x}]}", "feishu.robots[0].hook: there is no such setting"),
        ("shop: 茶馆", "shop: must be a section"),
        ("shop: {timezone: Asia/Peking}", "shop.timezone: is no time zone"),
        ("shop: {payment: cash}", "shop.payment: Input should be 'offline' or 'online'"),
        ("shop: {shipping: {fee: 1.234}}", "shop.shipping.fee: must be an amount in yuan"),
        ("shop: {shipping: {fee: -1}}", "shop.shipping.fee: must be an amount in yuan"),
        ("shop: {default_reorder_point: -1}", "shop.default_reorder_point"),
        ("server: {port: 70000}", "server.port"),
        ("server: {port: eighty}", "server.port"),
        ("server: {trusted_proxies: [nginx]}", "server.trusted_proxies[0]: must be an address"),
        ("orders: {rate_limit: lots}", 'orders.rate_limit: must look like "30/minute"'),
        ("orders: {reservation_minutes: 0}", "orders.reservation_minutes"),
        ("broadcast: {daily_summary: '25:00'}", "broadcast.daily_summary: must be a time"),
        ("broadcast: {quiet_hours: '22:00'}", "broadcast.quiet_hours: must look like"),
        ("broadcast: {quiet_hours: '22:00-22:00'}", "broadcast.quiet_hours"),
        ("members: {owners: [zhangsan]}", "members.owners[0]: must look like feishu:ou_123"),
        ("log: {level: loud}", "log.level"),
        ("feishu: {base_url: 'http://open.feishu.cn'}", "feishu.base_url: must begin with https"),
        ("database: {url: 'postgres://x'}", "database.url: must begin with sqlite"),
        ("database: {url: 'sqlite:///:memory:'}", "database.url"),
        ("- shop", "must hold sections"),
        ("shop: {name: x", "line 1"),
        ("shop: {name: x, name: y}", "the key name is there twice"),
        ("1: x", "a key must be text"),
        ("shop: !!python/object:os.system {}", "line 1"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(tmp_path: Path, text: str, meant: str) -> None:
    assert meant in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("ZHANGGUI__SHOP__NAEM", "x", "ZHANGGUI__SHOP__NAEM: there is no such setting"),
        ("ZHANGGUI__SHOPS__NAME", "x", "ZHANGGUI__SHOPS__NAME: there is no such setting"),
        ("ZHANGGUI__SHOP__NAME__X", "x", "ZHANGGUI__SHOP__NAME__X: there is no such setting"),
        ("ZHANGGUI__MEMBERS__OWNERS", "feishu:a", "ZHANGGUI__MEMBERS__OWNERS: must be JSON"),
        ("ZHANGGUI__SERVER__PORT", "x", "server.port"),
    ],
)
def test_a_mistaken_variable_is_named(tmp_path: Path, name: str, value: str, meant: str) -> None:
    assert meant in refusal(tmp_path, **{name: value})


def test_times_and_numbers_mean_what_they_say(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "broadcast: {daily_summary: 21:30, quiet_hours: 22:00-08:00}\n"
        "wechatpay: {mchid: 0190000109, appid: a, serial_no: 12, private_key_file: k,\n"
        "  apiv3_key: k, public_key_id: p, public_key_file: p}\n"
        "shop: {shipping: {fee: 8.5, free_from: 99}}\nfeishu:\nlog: {level: }",
    )
    assert settings.broadcast.summary_at == time(21, 30)
    assert settings.broadcast.quiet == (time(22), time(8))
    assert settings.wechatpay.mchid == "0190000109"
    assert settings.shop.shipping.fee_fen == 850
    assert settings.shop.shipping.free_from_fen == 9900
    assert settings.log.level == "info"  # a key with nothing behind it was not given


def test_empty_turns_times_off(tmp_path: Path) -> None:
    settings = read(tmp_path, "broadcast: {daily_summary: ''}\norders: {rate_limit: ''}")
    assert settings.broadcast.summary_at is None
    assert settings.broadcast.quiet is None


AES_KEY = "abcdefghij" * 4 + "klm"
WAYS = {
    "feishu": ("feishu: {app_id: a, app_secret: s}", ["app_secret: s"]),
    "feishu callback": (
        "feishu: {app_id: a, mode: callback, app_secret: s, encrypt_key: e, verification_token: v}",
        ["app_secret: s", "encrypt_key: e", "verification_token: v"],
    ),
    "wecom app": (
        (
            f"wecom: {{corp_id: w, app: {{agent_id: 7, secret: s, token: t, "
            f"encoding_aes_key: {AES_KEY}}}}}"
        ),
        ["corp_id: w", "secret: s", "token: t", f"encoding_aes_key: {AES_KEY}"],
    ),
    "aibot": ("wecom: {aibot: {bot_id: b, secret: s}}", ["secret: s"]),
    "aibot callback": (
        f"wecom: {{aibot: {{mode: callback, token: t, encoding_aes_key: {AES_KEY}}}}}",
        [f"encoding_aes_key: {AES_KEY}"],
    ),
    "wechatpay": (
        (
            "wechatpay: {mchid: 1, appid: a, serial_no: s, private_key_file: f, apiv3_key: k, "
            "public_key_id: i, public_key_file: p}"
        ),
        [
            "appid: a",
            "serial_no: s",
            "private_key_file: f",
            "apiv3_key: k",
            "public_key_id: i",
            "public_key_file: p",
        ],
    ),
    "alipay": (
        "alipay: {app_id: 1, private_key_file: f, alipay_public_key_file: p}",
        ["private_key_file: f", "alipay_public_key_file: p"],
    ),
    "online": (
        (
            "alipay: {app_id: 1, private_key_file: f, alipay_public_key_file: p}\n"
            "shop: {payment: online, public_url: 'https://tea.example'}"
        ),
        ["public_url: 'https://tea.example'"],
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_that_is_on_does_not_start_without_its_secrets(tmp_path: Path, way: str) -> None:
    text, needed = WAYS[way]
    read(tmp_path, text)
    for setting in needed:
        key = setting.partition(":")[0]
        assert f"{key}: is needed" in refusal(tmp_path, text.replace(setting, f"{key}: ''"))


@pytest.mark.parametrize("key", ["short", AES_KEY + "n", AES_KEY[:-1] + "="])
def test_a_key_that_can_decrypt_nothing_is_named_at_the_start(tmp_path: Path, key: str) -> None:
    text = f"wecom: {{aibot: {{mode: callback, token: t, encoding_aes_key: '{key}'}}}}"
    told = refusal(tmp_path, text)
    assert "wecom.aibot.encoding_aes_key: must be the 43 characters" in told
    assert key not in told


def test_online_payment_needs_a_channel(tmp_path: Path) -> None:
    text = "shop: {payment: online, public_url: 'https://tea.example'}"
    assert "wechatpay.mchid: is needed" in refusal(tmp_path, text)


def test_two_robots_of_one_name_are_refused(tmp_path: Path) -> None:
    robot = "{name: a, webhook: 'https://example.com/x'}"
    assert "two robots" in refusal(tmp_path, f"wecom: {{robots: [{robot}, {robot}]}}")


def test_stand_ins_on_this_machine_need_no_tls(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "feishu: {base_url: 'http://127.0.0.1:9000/'}\n"
        "wecom: {aibot: {websocket_url: 'ws://localhost:9001'}}\n"
        "alipay: {gateway: 'http://[::1]:9002/gateway.do'}",
    )
    assert settings.feishu.base_url == "http://127.0.0.1:9000"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "feishu.secret").write_text(SECRET + "\n")
    (tmp_path / "robot.url").write_text("https://example.com/hook")
    settings = read(
        tmp_path,
        "feishu: {app_id: a, app_secret_file: feishu.secret}\n"
        "wecom: {robots: [{webhook_file: robot.url}]}\n",
        ZHANGGUI__SERVER__ADMIN_TOKEN_FILE=str(tmp_path / "feishu.secret"),
    )
    assert settings.feishu.app_secret.get_secret_value() == SECRET
    assert settings.server.admin_token.get_secret_value() == SECRET
    assert settings.wecom.robots[0].on


def test_a_secret_of_the_environment_wins_over_a_file_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from the file")
    for text, name, value in (
        ("server: {admin_token_file: token}", "ADMIN_TOKEN", SECRET),
        ("server: {admin_token: in-the-file}", "ADMIN_TOKEN_FILE", str(tmp_path / "secret")),
    ):
        (tmp_path / "secret").write_text(SECRET)
        settings = read(tmp_path, text, **{f"ZHANGGUI__SERVER__{name}": value})
        assert settings.server.admin_token.get_secret_value() == SECRET


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "server.admin_token_file: gone cannot be read" in refusal(
        tmp_path, "server: {admin_token_file: gone}"
    )
    (tmp_path / "here").write_text(SECRET)
    assert "given twice" in refusal(
        tmp_path, f"server: {{admin_token_file: here, admin_token: {SECRET}}}"
    )


def test_no_secret_shows_in_errors_or_in_print(tmp_path: Path) -> None:
    text = f"server: {{admin_token: {SECRET}, port: x}}"
    assert SECRET not in refusal(tmp_path, text)
    assert SECRET not in refusal(tmp_path, f"database: {{url: 'pg://u:{SECRET}@h/x'}}")
    assert SECRET not in refusal(tmp_path, f"redis: {{url: 'http://u:{SECRET}@h/x'}}")
    settings = read(tmp_path, f"server: {{admin_token: {SECRET}}}")
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().shop.name = "x"  # type: ignore[misc]  # that it cannot be set is the point


def test_a_missing_data_key_is_made_once_beside_the_database(tmp_path: Path) -> None:
    settings = read(tmp_path, "database: {url: 'sqlite:///data/shop.db'}")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: data_key(settings), range(16)))
    path = tmp_path / "data" / "data_key"
    assert keys == {path.read_text().strip()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["data_key"]


def test_on_mysql_the_data_key_lies_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "mysql+pymysql://u:p@host/shop"
    assert data_key_file(read(tmp_path, f"database: {{url: '{url}'}}")) == tmp_path / "data_key"
    (tmp_path / "config.yaml").unlink()
    monkeypatch.chdir(tmp_path)
    settings = load(None, {"ZHANGGUI__DATABASE__URL": url})
    assert data_key_file(settings) == tmp_path / "data" / "data_key"


def test_a_given_data_key_is_used_and_nothing_is_made(tmp_path: Path) -> None:
    settings = read(tmp_path, "security: {data_key: given}\ndatabase: {url: 'sqlite:///x.db'}")
    assert data_key(settings) == "given"
    assert not data_key_file(settings).exists()


def test_an_emptied_data_key_file_is_not_silently_replaced(tmp_path: Path) -> None:
    settings = read(tmp_path, "database: {url: 'sqlite:///shop.db'}")
    data_key_file(settings).write_text("")
    with pytest.raises(SettingsError, match=r"data_key: .* is empty"):
        data_key(settings)
