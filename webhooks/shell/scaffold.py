"""Starting a shop: a folder with everything it takes to run one, and nothing of it overwritten.

The texts are the files under ``scaffold/``; ``@@KEY@@`` in them is filled in here.
"""

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.settings import SettingsError, load
from webhooks.shell.failure import CommandError

TEMPLATES = Path(__file__).with_suffix("")
MAX_NAME = 60  # what shop.name holds
CONFIG, KEPT_CONFIG = "config.yaml", "config.yaml.bak"
SECRETS, DATA = "secrets", "data"
MADE_KEY = Path(DATA) / "data_key"  # where a shop without security.data_key keeps its own

# One file a secret, empty until somebody fills it.
PLATFORM_SECRETS = {
    "feishu": (
        "feishu_app_secret",
        "feishu_encrypt_key",
        "feishu_verification_token",
        "feishu_robot_webhook",
        "feishu_robot_secret",
    ),
    "wecom": (
        "wecom_aibot_secret",
        "wecom_aibot_token",
        "wecom_aibot_encoding_aes_key",
        "wecom_app_secret",
        "wecom_app_token",
        "wecom_app_encoding_aes_key",
        "wecom_robot_webhook",
    ),
}
NEXT = ("doctor", "owner-code", "serve")


@dataclass(frozen=True, slots=True)
class NewShop:
    """What somebody asked for; ``platforms`` are keys of ``PLATFORM_SECRETS``."""

    folder: Path
    name: str
    platforms: tuple[str, ...]
    low_stock_threshold: int


@dataclass(frozen=True, slots=True)
class Made:
    """What there is now: files written, secrets that were there and stay, and what to know."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]


def checked_name(text: str) -> str:
    """A shop's name as ``shop.name`` takes it. Raises ``ValueError``."""
    if not one_line(text):
        raise ValueError("must not be empty")
    if len(text) > MAX_NAME:
        raise ValueError(f"must be at most {MAX_NAME} characters")
    if re.search("[\ud800-\udfff\0]", text):
        raise ValueError("must be readable text")
    return text


def make(shop: NewShop, *, force: bool, git: bool) -> Made:
    """Write the folder of a shop. Raises ``CommandError``; then a folder in use is untouched.

    With ``force`` the files of an earlier one are replaced, its secrets never.
    """
    _refuse_used(shop.folder, force=force)
    try:
        return _made(shop, git=git)
    except OSError as error:
        where = error.filename or shop.folder
        raise CommandError(f"{where} cannot be written ({error.strerror})") from error


def report(shop: NewShop, made: Made) -> Iterator[str]:
    """What was made and the three next commands, a line each."""
    yield f"{one_line(shop.name)}: {shop.folder}"
    yield from (f"  {name}" for name in made.written)
    yield from (f"  {name} (kept as it was)" for name in made.kept)
    yield from made.notes
    yield "接着做 / next (STEPS.md: 控制台里点什么、值填到哪里 / what to click, where values go):"
    config = shlex.quote(str(shop.folder / CONFIG))
    yield from (f"  {_program()} {command} --config {config}" for command in NEXT)


def _program() -> str:
    """``zhanggui`` as it can be typed: by its place where no PATH leads to it."""
    if shutil.which("zhanggui"):
        return "zhanggui"
    return shlex.quote(str(Path(sys.executable).with_name("zhanggui")))


def _where_the_program_is() -> str:
    """A paragraph that says how ``zhanggui`` is typed here; "" where that is all."""
    program = _program()
    if program == "zhanggui":
        return ""
    return (
        f"\n文中的 `zhanggui` 在这台机器上要打全：`{program}`。\n"
        f"*Where it says `zhanggui`, type `{program}` on this machine.*\n"
    )


def one_line(name: str) -> str:
    """The name without what would start a new line: fit for comments and headings."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())


def _refuse_used(folder: Path, *, force: bool) -> None:
    try:
        used = folder.exists() and any(folder.iterdir())
    except OSError as error:
        raise CommandError(f"{folder} is no folder to use ({error.strerror})") from error
    if used and not force:
        raise CommandError(f"{folder} is not empty; --force replaces all but its secrets and data")


def _made(shop: NewShop, *, git: bool) -> Made:
    folder = shop.folder
    folder.mkdir(parents=True, exist_ok=True)
    data_key = _present_data_key(folder)
    notes = _keep_config(folder, text := _config(shop))
    written = [_write(folder / name, text) for name, text in _files(shop, text)]
    for name in (SECRETS, DATA):
        _make_private(folder / name)
    fresh, kept = _make_secrets(shop, data_key)
    notes += _note_git(folder) if git else []
    return Made((*written, f"{DATA}/", *fresh), tuple(kept), tuple(notes))


def _files(shop: NewShop, config: str) -> Iterator[tuple[str, str]]:
    """Each file's name and text, secrets excepted."""
    yield CONFIG, config
    yield ".gitignore", _filled(shop, "gitignore.in")
    for name in ("README.md", "compose.yaml", "nginx.conf"):
        yield name, _filled(shop, f"{name}.in")
    yield "STEPS.md", _joined(shop, "STEPS", ".md.in")


def _config(shop: NewShop) -> str:
    return _joined(shop, "config", ".yaml.in")


def _joined(shop: NewShop, stem: str, ending: str) -> str:
    parts = ("head", *shop.platforms, "tail")
    return "".join(_filled(shop, f"{stem}.{part}{ending}") for part in parts)


def _filled(shop: NewShop, template: str) -> str:
    values = {
        "NAME": _quoted(shop.name),
        "TITLE": one_line(shop.name),
        "HEADING": re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", one_line(shop.name)),
        "THRESHOLD": str(shop.low_stock_threshold),
        "SLUG": _slug(shop.folder),
        "PROGRAM": _where_the_program_is(),
        "UID": str(os.getuid()),
        "GID": str(os.getgid()),
    }
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub("@@([A-Z]+)@@", lambda match: values[match[1]], text)


def _quoted(text: str) -> str:
    """A YAML scalar in double quotes that reads back as exactly this text."""
    signs = (
        sign if sign.isprintable() and sign not in '"\\' else f"\\U{ord(sign):08x}" for sign in text
    )
    return f'"{"".join(signs)}"'


def _slug(folder: Path) -> str:
    """A name for Compose, which makes none of a folder called 茶馆 and then does not start."""
    place = folder.resolve()
    name = re.sub("[^a-z0-9_-]+", "-", place.name.lower()).strip("-_")
    return name or f"zhanggui-{zlib.crc32(os.fsencode(place)):08x}"


def _keep_config(folder: Path, text: str) -> list[str]:
    """Put an old config.yaml aside when it says anything else: somebody filled it in."""
    path = folder / CONFIG
    if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") == text:
        return []
    path.replace(folder / KEPT_CONFIG)
    return [f"旧的配置在 / the old configuration is {KEPT_CONFIG}"]


def _present_data_key(folder: Path) -> str:
    """The key the shop's contacts are sealed with already; a new one could not read them."""
    try:
        configured = load(folder / CONFIG, {}).security.data_key.get_secret_value()
    except SettingsError:
        configured = ""
    made = folder / MADE_KEY
    return configured or (made.read_text(encoding="utf-8").strip() if made.is_file() else "")


def _make_secrets(shop: NewShop, data_key: str) -> tuple[list[str], list[str]]:
    """Make the secret files that are missing; names of the new ones and of those that stay."""
    values = {"admin_token": _random(), "data_key": data_key or _random()}
    values |= {name: "" for platform in shop.platforms for name in PLATFORM_SECRETS[platform]}
    fresh: list[str] = []
    kept: list[str] = []
    for name, value in values.items():
        made = _make_secret(shop.folder / SECRETS / name, value)
        (fresh if made else kept).append(f"{SECRETS}/{name}")
    return fresh, kept


def _random() -> str:
    return secrets.token_urlsafe(32)


def _make_secret(path: Path, value: str) -> bool:
    """Make a file only its owner can read; False when one is there, which is left alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{value}\n" if value else "")
    return True


def _make_private(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir()
        folder.chmod(0o700)


def _write(path: Path, text: str) -> str:
    """Write a file whole or not at all; returns its name."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path.name


def _note_git(folder: Path) -> list[str]:
    """Make a repository where there is none; what to know about it."""
    if shutil.which("git") is None:
        return ["git 没有安装，没有建版本库 / git is not installed: no repository was made"]
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode == 0 and inside.stdout.strip() == "true":
        return ["已经在一个 git 版本库里，没有另建 / it is inside a git work tree: none was made"]
    done = _git(folder, "init", "--quiet")
    if done.returncode == 0:
        return ["  .git/"]
    return [f"git init 没有成功 / did not work: {' '.join(done.stderr.split())[:200]}"]


def _git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run git in the folder, whatever repository a hook or shell around us points to."""
    elsewhere = ("GIT_DIR", "GIT_WORK_TREE")
    environ = {name: value for name, value in os.environ.items() if name not in elsewhere}
    return subprocess.run(  # noqa: S603  (a list of our own words and the folder)
        ["git", *arguments],  # noqa: S607  (found on PATH just before)
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
