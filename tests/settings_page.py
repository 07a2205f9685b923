"""What is made from the settings' declaration: config.example.yaml and docs/settings.md.

``python -m tests.settings_page`` writes both anew; a test compares.
"""

import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.settings import Settings
from bot.settings.kinds import Section

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config.example.yaml"
PAGE = ROOT / "docs" / "settings.md"

EXAMPLE_HEAD = """\
# Every setting with its default. This file starts as it is; copy it to config.yaml and change what
# you need, the rest may go. Made from bot/settings/sections.py, like docs/settings.md.
#
# The environment wins over the file: ZHANGGUI__SHOP__NAME=..., lists as JSON. Any secret (here "")
# may come from a file instead: app_secret_file: secrets/feishu. Relative paths count from the
# folder of this file. A key nobody knows is an error.
"""

PAGE_HEAD = """\
# Settings

One YAML file: `--config FILE`, else the one `ZHANGGUI_CONFIG` names, else `./config.yaml` if it is
there, else the defaults. [config.example.yaml](../config.example.yaml) shows every key and starts
as it is.

- **Environment.** Every key also goes by a variable, which wins over the file: `shop.name` is
  `ZHANGGUI__SHOP__NAME`. Lists are JSON: `ZHANGGUI__MEMBERS__OWNERS='["feishu:ou_123"]'`.
- **Secrets** are marked 🔑 and never appear in logs. Each may be given as the path of a file that
  holds it, under its key with `_file` behind: `feishu.app_secret_file`,
  `ZHANGGUI__FEISHU__APP_SECRET_FILE`.
- **Paths** that are relative count from the folder of the file, without a file from the working
  directory.
- **Mistakes** stop the start with one line: an unknown key (in the file or as a variable), a value
  of the wrong kind, a part that is switched on and lacks a secret.

This page is made from `bot/settings/sections.py` by `python -m tests.settings_page`.
"""


def example() -> str:
    """The text of config.example.yaml."""
    return "\n".join([EXAMPLE_HEAD, *_section_lines(Settings(), 0)]) + "\n"


def page() -> str:
    """The text of docs/settings.md."""
    parts = [PAGE_HEAD]
    for name, section in _sections(Settings(), ()):
        parts.append(f"## {name}\n\n{_words(section)}\n\n{_table(section)}\n")
    return "\n".join(parts)


def _sections(section: Section, where: tuple[str, ...]) -> Iterator[tuple[str, Section]]:
    for name, value in section:
        if isinstance(value, Section):
            yield ".".join((*where, name)), value
            yield from _sections(value, (*where, name))
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            yield ".".join((*where, f"{name}[]")), value[0]


def _words(section: Section) -> str:
    return " ".join((type(section).__doc__ or "").replace("``", "`").split())


def _table(section: Section) -> str:
    rows = ["| key | default | kind | what it does |", "| --- | --- | --- | --- |"]
    for name, value in section:
        if not isinstance(value, Section):
            field = type(section).model_fields[name]
            secret = " 🔑" if isinstance(value, SecretStr) else ""
            words = (field.description or "").replace("|", "\\|")
            rows.append(f"| `{name}`{secret} | {_shown(value)} | {_kind(field)} | {words} |")
    return "\n".join(rows) if len(rows) > 2 else ""


def _shown(value: Any) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], Section):
        return "one, off"
    return f"`{_yaml(value)}`"


def _kind(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(f"`{choice}`" for choice in typing.get_args(annotation))
    if typing.get_origin(annotation) is tuple:
        return "list"
    names = {str: "text", SecretStr: "text", int: "number", float: "decimal", bool: "yes or no"}
    assert not isinstance(annotation, types.UnionType)
    return names[annotation]


def _section_lines(section: Section, depth: int) -> Iterator[str]:
    for name, value in section:
        yield from _lines(name, value, type(section).model_fields[name], depth)
        if depth == 0:
            yield ""


def _lines(name: str, value: Any, field: FieldInfo, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, Section):
        yield f"{indent}{name}: # {_words(value).rstrip('.').replace('`', '')}"
        yield from _section_lines(value, depth + 1)
    elif isinstance(value, tuple) and value and isinstance(value[0], Section):
        yield f"{indent}{name}: # {field.description}"
        for entry in value:
            first, *rest = _section_lines(entry, depth + 2)
            yield f"{indent}  - {first.lstrip()}"
            yield from rest
    else:
        yield f"{indent}{name}: {_yaml(value)} # {field.description}"


def _yaml(value: Any) -> str:
    if isinstance(value, SecretStr):
        return _yaml(value.get_secret_value())
    if isinstance(value, tuple):
        return f"[{', '.join(map(_bare, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _bare(value: str) -> str:
    return value if value.replace("_", "").isalnum() else json.dumps(value)


def main() -> None:
    EXAMPLE.write_text(example(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
