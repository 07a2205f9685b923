"""The shape of the repository itself: what is in it, and what must never be."""

import re
import subprocess
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
TOP_LEVEL = (
    ".ci/run",
    "CHANGELOG.md",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "bot",
    "config.example.yaml",
    "docs",
    "pyproject.toml",
    "run",
    "store",
    "tests",
    "webhooks",
)
# Spelled in two halves, or this file would name them itself.
REGISTRIES = tuple(
    "".join(halves)
    for halves in (
        ("pypi.", "org"),
        ("python", "hosted"),
        ("npm", "js.org"),
        ("npm", "mirror.com"),
        ("yarnpkg", ".com"),
        ("deb.debian", ".org"),
        ("mirrors", ".aliyun"),
        ("tuna.tsing", "hua"),
    )
)


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_names_versions_and_hashes_only(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index-url" not in text
    for requirement in _requirements(lock).values():
        assert "--hash=sha256:" in requirement


@pytest.mark.parametrize(
    ("lock", "groups"),
    [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])],
)
def test_locks_cover_what_the_project_declares(lock: str, groups: list[str]) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = chain(
        declared["project"]["dependencies"],
        *(declared["dependency-groups"][group] for group in groups),
    )
    missing = {_name(requirement) for requirement in wanted} - _requirements(lock).keys()
    assert not missing, "run ./run lock"


def test_the_development_lock_is_the_running_one_and_more() -> None:
    running, development = (_requirements(lock) for lock in LOCKS)
    assert {name: development.get(name) for name in running} == running


@pytest.mark.parametrize("path", TOP_LEVEL)
def test_everything_people_look_for_is_at_the_top(path: str) -> None:
    assert (ROOT / path).exists()


def test_no_stray_module_at_the_top() -> None:
    # An editable install puts this directory on the path, so it would be importable.
    assert not list(ROOT.glob("*.py"))


@pytest.mark.parametrize("path", ["run", ".ci/run"])
def test_scripts_can_be_started(path: str) -> None:
    assert (ROOT / path).stat().st_mode & 0o111 == 0o111


def test_nothing_names_a_package_registry() -> None:
    pattern = re.compile("|".join(map(re.escape, REGISTRIES)).encode(), re.IGNORECASE)
    assert not [path for path in _committed() if pattern.search(path.read_bytes())]


@cache
def _committed() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


@cache
def _requirements(lock: str) -> dict[str, str]:
    """The whole of each requirement, its hashes included, by name."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    requirements: dict[str, str] = {}
    for line in text.splitlines():
        requirements[_name(line)] = requirements.get(_name(line), "") + line
    return requirements


def _name(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()
