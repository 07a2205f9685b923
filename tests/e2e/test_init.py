"""``zhanggui init``: a stranger's folder, as a shell sees it made."""

import os
import re
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.settings import Settings, load
from tests.e2e.test_cli import Done, Shell, free_port, running, wait_for

NAMES = [
    "茶馆",
    "He said \"tea\" & 'coffee'",
    "back\\slash \\n #hash: - {a: b} %TAG @@NAME@@ ${HOME} $(id)",
    "two\nlines\tand a tab",
    "🍵 茶\U0001f469\u200d\U0001f373\u2028end\x7f\x85",
    " padded ",
    "- list",
    "null",
    "007",
]
OPTIONS = ("--notify-platform", "both", "--low-stock-threshold", "7")
FILES = {
    "config.yaml", ".gitignore", "README.md", "compose.yaml", "nginx.conf", "STEPS.md", "secrets",
    "data",
}  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def init(shell: Shell, *options: str, folder: str = "shop", name: str = "茶馆", **env: str) -> Done:
    chosen = options if "--notify-platform" in options else (*OPTIONS, *options)
    return shell.run("init", folder, "--project-name", name, *chosen, **env)


def configured(folder: Path) -> Settings:
    return load(folder / "config.yaml", {})


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git/" not in f"{path}/")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


# -- what is made


@pytest.mark.parametrize(
    ("platform", "mine", "others"),
    [("wecom", "wecom_", "feishu_"), ("feishu", "feishu_", "wecom_"), ("both", "wecom_", "x")],
)
def test_a_shop_is_made_for_the_chosen_platform(
    shell: Shell, platform: str, mine: str, others: str
) -> None:
    init(shell, "--notify-platform", platform, "--no-git").worked()
    folder = shell.folder / "shop"
    assert {path.name for path in folder.iterdir()} == FILES
    names = {path.name for path in (folder / "secrets").iterdir()}
    assert {"admin_token", "data_key"} < names
    assert any(name.startswith(mine) for name in names)
    assert not any(name.startswith(others) for name in names)
    config = (folder / "config.yaml").read_text(encoding="utf-8")
    assert (f"secrets/{mine}" in config, f"secrets/{others}" in config) == (True, False)
    assert configured(folder).shop.default_reorder_point == 5


@pytest.mark.parametrize("name", NAMES)
def test_any_name_reads_back_as_it_was_typed(shell: Shell, name: str) -> None:
    init(shell, "--no-git", name=name).worked()
    folder = shell.folder / "shop"
    settings = configured(folder)
    assert (settings.shop.name, settings.shop.default_reorder_point) == (name, 7)
    assert "zhanggui" in yaml.safe_load((folder / "compose.yaml").read_bytes())["services"]
    first = (folder / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")


def test_nothing_is_switched_on_before_it_is_filled_in(shell: Shell) -> None:
    init(shell, "--no-git").worked()
    settings = configured(shell.folder / "shop")
    assert settings.feishu.app_id == ""
    assert settings.wecom.app.agent_id == 0
    assert not settings.wecom.aibot.on
    assert not any(robot.on for robot in (*settings.feishu.robots, *settings.wecom.robots))
    assert settings.feishu.mode == settings.wecom.aibot.mode == "long_connection"


def test_secrets_are_random_and_only_their_owners(shell: Shell) -> None:
    tokens = []
    for folder in ("a", "b"):
        init(shell, "--no-git", folder=folder).worked()
        secrets = shell.folder / folder / "secrets"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o600}
        settings = configured(shell.folder / folder)
        tokens += [
            settings.server.admin_token.get_secret_value(),
            settings.security.data_key.get_secret_value(),
        ]
    assert len(set(tokens)) == 4
    assert min(map(len, tokens)) >= 32


def test_no_secret_is_printed_or_written_anywhere_else(shell: Shell) -> None:
    done = init(shell, "--no-git").worked()
    folder = shell.folder / "shop"
    settings = configured(folder)
    elsewhere = {name: text for name, text in contents(folder).items() if "secrets/" not in name}
    for secret in (settings.server.admin_token, settings.security.data_key):
        value = secret.get_secret_value()
        assert value not in done.out + done.err
        assert not [name for name, text in elsewhere.items() if value.encode() in text]


def test_what_was_made_and_the_three_next_commands_are_printed(shell: Shell) -> None:
    out = init(shell, "--no-git").worked().out
    assert "secrets/data_key" in out
    commands = [line.strip() for line in out.splitlines() if "zhanggui " in line]
    assert [command.split()[1] for command in commands] == ["doctor", "owner-code", "serve"]
    assert all(Path(command.split()[0]).name == "zhanggui" for command in commands)
    for command in commands[:2]:
        shell.run(*command.split()[1:]).worked()  # from where init was typed


def test_the_shop_starts_as_it_is(shell: Shell) -> None:
    init(shell, "--no-git").worked()
    port = free_port()
    config = str(shell.folder / "shop" / "config.yaml")
    with running(shell, "serve", "--config", config, "--port", str(port)):
        wait_for(port)
        code = shell.run("owner-code", "--config", config).worked().out.strip()
        said = shell.run("chat", "--config", config, "--as", "ann", "我是店主", code)
        assert "店主" in said.worked().out
        shell.run("doctor", "--config", config).worked()
    assert (shell.folder / "shop" / "data" / "zhanggui.db").exists()


def test_the_steps_lead_from_the_console_to_the_first_command(shell: Shell) -> None:
    init(shell, "--no-git").worked()
    steps = (shell.folder / "shop" / "STEPS.md").read_text(encoding="utf-8")
    end = steps.split("## 最后")[1]
    places = [
        end.index(words)
        for words in (
            "zhanggui doctor",
            "zhanggui serve",
            "zhanggui owner-code",
            "我是店主 CODE",
            "帮助",
        )
    ]
    assert places == sorted(places)
    for words in ("im:message.group_msg", "card.action.trigger", "API 模式创建", "feishu.app_id"):
        assert words in steps


def test_both_platforms_have_the_steps_of_each(shell: Shell) -> None:
    texts = {}
    for platform in ("wecom", "feishu", "both"):
        init(shell, "--notify-platform", platform, "--no-git", folder=platform).worked()
        texts[platform] = (shell.folder / platform / "STEPS.md").read_text(encoding="utf-8")
    lines = {platform: set(text.splitlines()) for platform, text in texts.items()}
    assert lines["both"] == lines["wecom"] | lines["feishu"]
    assert lines["wecom"] != lines["feishu"]


# -- Docker and nginx


@pytest.fixture
def service(shell: Shell) -> dict[str, Any]:
    init(shell, "--no-git").worked()
    text = (shell.folder / "shop" / "compose.yaml").read_text(encoding="utf-8")
    made: dict[str, Any] = yaml.safe_load(text)["services"]["zhanggui"]
    return made


def test_the_container_restarts_is_looked_after_and_reads_only_what_it_must(
    service: dict[str, Any],
) -> None:
    assert service["restart"] == "unless-stopped"
    assert "/healthz" in service["healthcheck"]["test"][-1]
    assert "./secrets:/shop/secrets:ro" in service["volumes"]
    assert "./config.yaml:/shop/config.yaml:ro" in service["volumes"]
    assert "./data:/shop/data" in service["volumes"]
    assert service["environment"]["ZHANGGUI_CONFIG"] == "/shop/config.yaml"
    assert service["user"] == f"{os.getuid()}:{os.getgid()}"  # or 0600 files are not readable
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_what_compose_sets_are_settings(service: dict[str, Any], shell: Shell) -> None:
    settings = load(shell.folder / "shop" / "config.yaml", service["environment"] | {
        "ZHANGGUI_CONFIG": ""
    })  # fmt: skip
    assert "172.16.0.0/12" in settings.server.trusted_proxies
    health = service["healthcheck"]["test"]
    compile(health[-1], "healthcheck", "exec")
    assert health[:3] == ["CMD", "python", "-c"]


@pytest.mark.parametrize("folder", ["Tea Shop", "茶馆", "_x", "shop.2"])
def test_compose_gets_a_project_name_whatever_the_folder_is_called(
    shell: Shell, folder: str
) -> None:
    init(shell, "--no-git", folder=folder).worked()
    name = yaml.safe_load((shell.folder / folder / "compose.yaml").read_bytes())["name"]
    assert name[0].isalnum()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")


def test_nginx_keeps_to_itself_what_is_not_public(shell: Shell) -> None:
    init(shell, "--no-git").worked()
    lines = (shell.folder / "shop" / "nginx.conf").read_text(encoding="utf-8")
    assert lines.count("{") == lines.count("}")
    for path in ("location = /metrics", "location = /chat", "location ^~ /chat/"):
        block = lines.split(f"{path} {{")[1].split("}")[0]
        assert block.split() == ["return", "404;"]
    events = lines.split("location = /api/v1/events {")[1].split("}")[0]
    assert "proxy_buffering off;" in events
    assert "client_max_body_size 11m;" in lines
    for header in ("Host $http_host", "X-Forwarded-For $proxy_add_x_forwarded_for"):
        assert f"proxy_set_header {header};" in lines
    assert "location ^~ /webhooks/ {" in lines


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate that nginx can open."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example.com")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = unsigned.not_valid_before(begin).not_valid_after(begin + timedelta(days=9000))
    pem = folder / "cert.pem"
    pem.write_bytes(dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "key.pem", pem


@pytest.mark.skipif(
    shutil.which("nginx") is None and "CI" not in os.environ, reason="nginx is not installed"
)
def test_nginx_takes_its_file(shell: Shell) -> None:
    init(shell, "--no-git").worked()
    key, pem = certificate(shell.folder)
    site = (shell.folder / "shop" / "nginx.conf").read_text(encoding="utf-8")
    letsencrypt = "/etc/letsencrypt/live/shop.example.com"
    site = site.replace(f"{letsencrypt}/fullchain.pem", str(pem))
    site = site.replace(f"{letsencrypt}/privkey.pem", str(key))
    (shell.folder / "site.conf").write_text(site)
    whole = shell.folder / "nginx.conf"
    whole.write_text(
        f"pid {shell.folder}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; include {shell.folder}/site.conf; }}\n"
    )
    done = subprocess.run(
        ["nginx", "-t", "-p", str(shell.folder), "-c", str(whole)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


# -- git


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_git_sees_neither_secrets_nor_data(shell: Shell) -> None:
    init(shell).worked()
    folder = shell.folder / "shop"
    (folder / "data" / "zhanggui.db").touch()
    seen = git(folder, "status", "--porcelain", "--untracked-files=all")
    assert "config.yaml" in seen
    assert "secrets" not in seen
    assert "data" not in seen


def test_no_repository_is_made_inside_another_one_and_it_says_so(shell: Shell) -> None:
    git(shell.folder, "init", "--quiet")
    assert "inside a git work tree" in init(shell).worked().out
    assert not (shell.folder / "shop" / ".git").exists()


def test_no_repository_is_made_when_told_or_without_git(shell: Shell) -> None:
    assert "git" not in init(shell, "--no-git", folder="a").worked().out.replace(".gitignore", "")
    done = init(shell, folder="b", PATH=str(shell.folder / "nowhere")).worked()
    assert "git is not installed" in done.out
    assert not (shell.folder / "a" / ".git").exists()
    assert not (shell.folder / "b" / ".git").exists()


def test_a_hooks_repository_is_not_taken_for_the_shops(shell: Shell) -> None:
    (shell.folder / "other").mkdir()
    git(shell.folder / "other", "init", "--quiet")
    init(shell, GIT_DIR=str(shell.folder / "other" / ".git")).worked()
    assert (shell.folder / "shop" / ".git").is_dir()


def test_the_steps_say_how_the_program_is_typed_where_no_path_leads_to_it(shell: Shell) -> None:
    init(shell, folder="a", PATH=str(shell.folder / "nowhere")).worked()
    init(shell, folder="b", PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin").worked()

    for name in ("STEPS.md", "README.md"):
        told = (shell.folder / "a" / name).read_text(encoding="utf-8")
        typed = re.search(r"要打全：`(.+)`", told)
        assert typed is not None
        assert Path(typed[1]).is_file()
        plain = (shell.folder / "b" / name).read_text(encoding="utf-8")
        assert "要打全" not in plain
        assert "\n\n\n" not in plain + told


# -- folders in use


def test_a_folder_in_use_is_left_alone(shell: Shell) -> None:
    (shell.folder / "shop").mkdir()
    (shell.folder / "shop" / "notes.txt").write_text("mine")
    assert "--force" in init(shell).failed()
    assert contents(shell.folder / "shop") == {"notes.txt": b"mine"}


def test_an_empty_folder_is_used(shell: Shell) -> None:
    (shell.folder / "shop").mkdir()
    init(shell, "--no-git").worked()
    init(shell, "--no-git").failed()


def test_force_replaces_files_but_never_secrets_or_data(shell: Shell) -> None:
    init(shell, "--no-git").worked()
    folder = shell.folder / "shop"
    before = contents(folder)
    (folder / "secrets" / "feishu_app_secret").write_text("typed by hand\n")
    (folder / "secrets" / "wecom_app_token").unlink()
    (folder / "data" / "zhanggui.db").write_bytes(b"goods")
    (folder / "nginx.conf").write_text("broken")
    done = init(shell, "--no-git", "--force").worked()
    after = contents(folder)
    assert after.pop("data/zhanggui.db") == b"goods"
    assert after == before | {"secrets/feishu_app_secret": b"typed by hand\n"}
    assert "secrets/feishu_app_secret (kept as it was)" in done.out


def test_force_puts_a_configuration_aside_that_was_filled_in(shell: Shell) -> None:
    init(shell, "--no-git").worked()
    folder = shell.folder / "shop"
    path = folder / "config.yaml"
    filled = path.read_text(encoding="utf-8").replace('app_id: ""', "app_id: cli_mine")
    path.write_text(filled, encoding="utf-8")
    assert "config.yaml.bak" in init(shell, "--no-git", "--force").worked().out
    assert (folder / "config.yaml.bak").read_text(encoding="utf-8") == filled
    assert configured(folder).feishu.app_id == ""
    init(shell, "--no-git", "--force").worked()  # nothing to put aside: the old one stays
    assert (folder / "config.yaml.bak").read_text(encoding="utf-8") == filled


@pytest.mark.parametrize(
    ("config", "made"),
    [
        ("shop: {name: x}", "sealed-with-this"),
        ("security: {data_key: sealed-with-this}", ""),
        ("not: [yaml", "sealed-with-this"),
    ],
)
def test_a_shop_that_has_a_key_keeps_it(shell: Shell, config: str, made: str) -> None:
    """A new key could not read what customers' contacts were sealed with so far."""
    folder = shell.folder / "shop"
    (folder / "data").mkdir(parents=True)
    (folder / "config.yaml").write_text(config)
    if made:
        (folder / "data" / "data_key").write_text(f"{made}\n")
    init(shell, "--no-git", "--force").worked()
    assert configured(folder).security.data_key.get_secret_value() == "sealed-with-this"


# -- wrong use


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["init"], "DIR"),
        (["init", "shop", "--notify-platform", "wecom"], "--project-name"),
        (["init", "shop", "--project-name", "x"], "--notify-platform"),
        (["init", "shop", "--project-name", "", *OPTIONS], "--project-name"),
        (["init", "shop", "--project-name", " \n", *OPTIONS], "--project-name"),
        (["init", "shop", "--project-name", "x" * 61, *OPTIONS], "--project-name"),
        (["init", "shop", "--project-name", "x", "--notify-platform", "slack"], "slack"),
        (["init", "shop", "--project-name", "x", *OPTIONS[:3], "-1"], "--low-stock-threshold"),
        (["init", "shop", "--project-name", "x", *OPTIONS[:3], "1000001"], "--low-stock-threshold"),
        (["init", "shop", "--project-name", "x", *OPTIONS[:3], "five"], "--low-stock-threshold"),
        (["init", "shop", "--project-name", "x", *OPTIONS, "--loud"], "--loud"),
    ],
)
def test_wrong_use_is_2_and_writes_nothing(shell: Shell, arguments: list[str], named: str) -> None:
    assert named in shell.run(*arguments).failed(2)
    assert list(shell.folder.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_named(shell: Shell) -> None:
    (shell.folder / "shop").write_text("a file")
    assert "shop" in init(shell).failed()
    assert "shop" in init(shell, "--force").failed()
    assert "shop/inner" in init(shell, folder="shop/inner").failed()
    assert (shell.folder / "shop").read_text() == "a file"
