"""Logs: whatever is in a field, one event is one line, and no secret is in it."""

import io
import json
import logging
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings, load
from tests import settings_page
from webhooks import logs
from webhooks.logs import JsonFormatter, TextFormatter

FORMATTERS = (TextFormatter, JsonFormatter)
HOSTILE = (
    "a\r\nb",
    "\x1b[2J\x1b[31mred",
    "line\u2028separator\u2029",
    '"}\n{"level": "error"',
    "\u202eevil",
    "half \ud800 pair",
    "\x00\x07\x7f\x9b",
)


def record(message: str, *, error: Exception | None = None, **fields: object) -> logging.LogRecord:
    entry = logging.LogRecord("bot.x", logging.INFO, "f.py", 1, message, (), None)
    vars(entry).update(fields)
    if error is not None:
        entry.exc_info = (type(error), error, error.__traceback__)
    return entry


def assert_one_line(line: str) -> None:
    assert len(line.splitlines()) == 1
    assert not {unicodedata.category(sign) for sign in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert "\u202e" not in line
    line.encode()


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_field_starts_a_line_or_moves_the_cursor(
    formatter: Callable[[], logging.Formatter], text: str
) -> None:
    assert_one_line(formatter().format(record("event", name_=text, other={"k": text})))
    assert_one_line(formatter().format(record(text, error=ValueError("first\nsecond"))))


@given(st.text(alphabet=st.characters(codec=None)))
def test_json_lines_stay_json_and_keep_the_text(text: str) -> None:
    line = JsonFormatter().format(record("event", value=text))
    assert_one_line(line)
    entry = json.loads(line)
    assert (entry["event"], entry["value"]) == ("event", text)


def test_a_field_cannot_pose_as_the_event() -> None:
    entry = json.loads(JsonFormatter().format(record("order_paid", event="x", level="error")))
    assert (entry["event"], entry["level"]) == ("order_paid", "info")


def test_a_traceback_is_folded_into_its_line() -> None:
    text = TextFormatter().format(record("failed", error=ValueError("first\nsecond")))
    assert_one_line(text)
    assert "ValueError: first" in text
    assert (
        "second"
        in json.loads(JsonFormatter().format(record("failed", error=ValueError("first\nsecond"))))[
            "trace"
        ]
    )


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_secrets_are_hidden_wherever_they_turn_up(
    formatter: Callable[[list[str]], logging.Formatter],
) -> None:
    hiding = formatter(["canary-1", "canary-1-longer", "", "ab"])
    line = hiding.format(record("failed canary-1-longer", url="https://x/?key=canary-1", at_="ab"))
    assert "canary" not in line
    assert "longer" not in line
    assert "ab" in line  # too short to be a secret


def test_every_secret_of_the_settings_is_known_to_the_logs() -> None:
    secrets = {
        "ZHANGGUI__DATABASE__URL": "mysql+pymysql://u:canary-db@host/shop",
        "ZHANGGUI__SERVER__ADMIN_TOKEN": "canary-admin",
        "ZHANGGUI__REDIS__URL": "redis://:canary-redis@host/0",
        "ZHANGGUI__FEISHU__APP_SECRET": "canary-feishu",
        "ZHANGGUI__WECOM__AIBOT__SECRET": "canary-aibot",
        "ZHANGGUI__SECURITY__DATA_KEY": "canary-data",
        "ZHANGGUI__WECOM__ROBOTS": '[{"webhook": "https://q.example/send?key=canary-robot"}]',
        "ZHANGGUI__FEISHU__ROBOTS": '[{"webhook": "https://f.example/hook/canary-hook"}]',
    }
    settings = load(settings_page.EXAMPLE, secrets)
    formatter = TextFormatter(settings.secret_values())
    urls = "POST /send?key=canary-robot /hook/canary-hook mysql://canary-db redis canary-redis"
    words = "canary-admin canary-feishu canary-aibot canary-data"
    assert "canary" not in formatter.format(record(f"{urls} {words}"))
    assert Settings().secret_values() <= {""}


def test_a_broken_pipe_does_not_stop_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _: str, /) -> int:
            raise BrokenPipeError

    before = (logging.root.handlers[:], logging.root.level, logging.raiseExceptions)
    monkeypatch.setattr("sys.stderr", Closed())
    try:
        logs.configure(format="text", level="info")
        logging.getLogger("bot").warning("unheard")
    finally:
        logging.root.handlers[:], logging.raiseExceptions = before[0], before[2]
        logging.root.setLevel(before[1])
