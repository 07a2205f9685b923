"""From file and environment to ``Settings``, or one line that says which key is wrong."""

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import SecretStr, ValidationError

from bot.settings import yaml_file
from bot.settings.complete import check
from bot.settings.errors import SettingsError
from bot.settings.kinds import Section
from bot.settings.sections import Settings

__all__ = ["SettingsError", "load"]

NAMES_FILE = "ZHANGGUI_CONFIG"
PREFIX = "ZHANGGUI__"
DEFAULT_FILE = "config.yaml"
# Besides every ``*_file`` key and the database's URL.
_PATHS = (("shop", "logo"), ("shop", "pay_qr"), ("backup", "dir"))
_SQLITE = "sqlite:///"


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of a shop.

    From ``path``, else the file ``ZHANGGUI_CONFIG`` names, else ``./config.yaml`` if it is there;
    the environment wins over the file. Relative paths count from the file's folder, without a
    file from the working directory. Raises ``SettingsError``.
    """
    source = _source(path, environ)
    folder = source.parent if source else Path.cwd()
    data = yaml_file.read(source) if source else {}
    given = list(_from_environment(environ))
    for keys, _ in given:
        _drop_rival(data, keys)
    for keys, value in given:
        _put(data, keys, value)
    data = _without_nulls(data)
    _read_secret_files(data, Settings, folder, ())
    _make_absolute(data, folder)
    settings = _validated(data).placed(folder, source)
    check(settings)
    return settings


def _source(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = path or (Path(environ[NAMES_FILE]) if environ.get(NAMES_FILE) else None)
    if named is None:
        default = Path(DEFAULT_FILE)
        return default.resolve() if default.is_file() else None
    if not named.is_file():
        raise SettingsError(f"{named}: there is no such configuration file")
    return named.resolve()


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Keys and values of our variables, sections given whole as JSON before their single keys."""
    ours = [name for name in environ if name.startswith(PREFIX)]
    for name in sorted(ours, key=lambda name: (name.count("__"), name)):
        keys = tuple(name.removeprefix(PREFIX).lower().split("__"))
        yield keys, _env_value(name, keys, environ[name])


def _env_value(name: str, keys: tuple[str, ...], text: str) -> Any:
    if not _as_json(_kind(name, keys)):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{name}: must be JSON, such as {_JSON_LIKE}") from error


_JSON_LIKE = '["a", "b"]'


def _kind(name: str, keys: tuple[str, ...]) -> Any:
    """The annotation of the setting these keys lead to."""
    kind: Any = Settings
    for key in keys:
        if not _is_section(kind) or key not in _known(kind):
            raise SettingsError(f"{name}: there is no such setting{_meant(key, kind)}")
        field = kind.model_fields.get(key)
        kind = field.annotation if field else str
    return kind


def _as_json(kind: Any) -> bool:
    return _is_section(kind) or get_origin(kind) is tuple


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _known(section: type[Section]) -> list[str]:
    """Every key of a section, and ``*_file`` for each of its secrets."""
    return [*section.model_fields, *(f"{name}_file" for name in _secrets(section))]


def _secrets(section: type[Section]) -> list[str]:
    return [name for name, field in section.model_fields.items() if field.annotation is SecretStr]


def _meant(key: str, kind: Any) -> str:
    close = difflib.get_close_matches(key, _known(kind), n=1) if _is_section(kind) else []
    return f" (did you mean {close[0]}?)" if close else ""


def _drop_rival(data: Any, keys: tuple[str, ...]) -> None:
    """Forget the file's ``secret_file`` when the environment has the ``secret``; or the reverse."""
    for key in keys[:-1]:
        data = data.get(key) if isinstance(data, dict) else None
    if isinstance(data, dict):
        last = keys[-1]
        data.pop(last.removesuffix("_file") if last.endswith("_file") else f"{last}_file", None)


def _put(data: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        inner = data.get(key)
        if not isinstance(inner, dict):
            inner = data[key] = {}
        data = inner
    data[keys[-1]] = value


def _without_nulls(value: Any) -> Any:
    """A key with nothing behind it is a key that was not given."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _read_secret_files(
    data: Any, section: type[Section], folder: Path, where: tuple[str, ...]
) -> None:
    """Replace each ``secret_file`` by the ``secret`` that the file holds."""
    if not isinstance(data, dict):
        return
    for name in _secrets(section):
        file = data.pop(f"{name}_file", "")
        if file:
            data[name] = _secret(file, data.get(name), folder, ".".join((*where, f"{name}_file")))
    for name, field in section.model_fields.items():
        for inner, kind in _inner(data.get(name), field.annotation):
            _read_secret_files(inner, kind, folder, (*where, name))


def _inner(value: Any, kind: Any) -> Iterator[tuple[Any, type[Section]]]:
    """The sections inside a value, of its own kind or as entries of its list."""
    if _is_section(kind):
        yield value, kind
    elif isinstance(value, list) and _is_section((get_args(kind) or (None,))[0]):
        yield from ((entry, get_args(kind)[0]) for entry in value)


def _secret(file: Any, given: Any, folder: Path, key: str) -> str:
    if given:
        raise SettingsError(f"{key}: the secret is given twice, here and without _file")
    try:
        return (folder / Path(str(file)).expanduser()).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"{key}: {file} cannot be read ({reason})") from error


def _make_absolute(data: dict[str, Any], folder: Path) -> None:
    database = data.setdefault("database", {})
    if isinstance(database, dict):
        url = database.setdefault("url", Settings().database_url)
        if isinstance(url, str) and url.startswith(_SQLITE) and url != _SQLITE:
            database["url"] = _SQLITE + str(folder / Path(url.removeprefix(_SQLITE)).expanduser())
    for section, key in _path_keys():
        values = data.get(section)
        if not isinstance(values, dict):
            continue
        value = values.get(key)
        if isinstance(value, str) and value and "://" not in value:
            values[key] = str(folder / Path(value).expanduser())


def _path_keys() -> Iterator[tuple[str, str]]:
    yield from _PATHS
    for section, field in Settings.model_fields.items():
        kind: Any = field.annotation
        yield from ((section, key) for key in kind.model_fields if key.endswith("_file"))


def _validated(data: dict[str, Any]) -> Settings:
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(_sentence(first["loc"], first["type"], first["msg"])) from None


def _sentence(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    if kind == "extra_forbidden":
        return f"{key}: there is no such setting{_meant(str(loc[-1]), _section_at(loc[:-1]))}"
    if kind == "model_type":
        return f"{key}: must be a section with keys of its own"
    return f"{key}: {message.removeprefix('Value error, ')}"


def _section_at(loc: tuple[int | str, ...]) -> Any:
    kind: Any = Settings
    for part in loc:
        kind = get_args(kind)[0] if isinstance(part, int) else kind.model_fields[part].annotation
    return kind
