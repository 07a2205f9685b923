"""Drills: long runs with a fault in them. ``./run drills --short`` for the quick version."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="drills of a few minutes in all")


@pytest.fixture(scope="session")
def short(request: pytest.FixtureRequest) -> bool:
    """Whether this run should take minutes rather than the full length."""
    return bool(request.config.getoption("--short"))
