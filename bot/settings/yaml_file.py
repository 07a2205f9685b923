"""YAML as a shop owner means it."""

import re
from pathlib import Path
from typing import Any

import yaml

from bot.settings.errors import SettingsError


class _Loader(yaml.SafeLoader):
    """YAML 1.1 without its surprises.

    21:00 is not 1260, 0123 is not 83, off is not false, and a key that is there twice is an error.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own class attribute, made anew)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  (PyYAML's signature)
        """A mapping whose keys are all different."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be text", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key} is there twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_PLAIN = (
    ("bool", r"true|True|false|False", "tTfF"),
    ("null", r"~|null|Null|", "~nN"),
    ("int", r"-?(0|[1-9]\d{0,17})", "-0123456789"),
    ("float", r"-?(0|[1-9]\d{0,17})\.\d+", "-0123456789"),
)
for _tag, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(rf"(?:{_pattern})\Z"),  # PyYAML only looks at the beginning
        [*_first, ""] if _tag == "null" else list(_first),
    )


def read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty mapping. Raises ``SettingsError``."""
    try:
        data = yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506  (a SafeLoader)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SettingsError(f"{path}: {where}{error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(
            f"{path}: is not YAML ({' '.join(str(error).split())[:120]})"
        ) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: must hold sections with keys, such as shop:")
    return data
