"""The chat page: what is said goes the way of every platform, and comes back by the stream."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from bot.platforms.base import RawRequest
from bot.platforms.console import ConsolePlatform
from store import outbox
from store.db import Database, Tx
from store.models import Attachment
from tests.conftest import AddSku
from tests.e2e.conftest import Serve, code_of
from webhooks.app import create_app
from webhooks.engine import make_dispatcher
from webhooks.pages.chat import PEOPLE, LiveChat, blueprint
from webhooks.reception import Reception
from webhooks.shell.demo import furnish
from webhooks.shop import Shop

SAID = {"id": "0123456789abcdef", "person": "manager", "chat": "group", "text": "咖啡豆+5"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The demo lives on SQLite."""
    return sqlite_url


@dataclass
class Page:
    """A browser on the chat page, and the shop behind it."""

    live: LiveChat
    browser: FlaskClient
    reception: Reception
    database: Database

    def say(self, **said: Any) -> int:
        """Post a message and wait until it is handled and answered; returns the status."""
        status = self.browser.post("/chat/messages", json=SAID | said).status_code
        self.reception.close()
        self.database.run(_deliver)
        return status

    def read(self, after: str = "") -> tuple[list[dict[str, Any]], str]:
        """The first lines of the stream, and where it is then."""

        async def first() -> tuple[list[dict[str, Any]], str]:
            async with aclosing(self.live.stream(after)) as events:
                assert b"event: hello\ndata: " in await anext(events)
                return _lines(await asyncio.wait_for(anext(events), 5))

        return asyncio.run(first())


def _deliver(tx: Tx) -> None:
    for parcel in outbox.claim(tx, sender="test"):
        said = parcel.payload.get("reply", {})
        outbox.sent(tx, parcel=parcel, sender="test", said=said)


def _lines(event: bytes) -> tuple[list[dict[str, Any]], str]:
    fields = dict(line.split(": ", 1) for line in event.decode().splitlines() if line)
    assert fields["event"] == "lines"
    return json.loads(fields["data"]), fields["id"]


@pytest.fixture
def page(shop: Shop, add_sku: AddSku) -> Iterator[Page]:
    shop.database.run(lambda tx: furnish(tx, empty=True))
    add_sku("KFD", name="咖啡豆", on_hand=10)
    dispatcher = make_dispatcher(shop.settings, shop.database, shop.vault)
    console = ConsolePlatform("secret", now=shop.now)
    with closing(Reception(dispatcher)) as reception:

        def receive(request: RawRequest) -> None:
            reception.take(console.receive, request)

        live = LiveChat(shop.database, console, receive)
        yield Page(live, create_app(shop, blueprint(live)).test_client(), reception, shop.database)


def test_what_is_said_is_answered_and_both_come_by_the_stream(page: Page) -> None:
    assert page.say() == 202

    (said, answered), _ = page.read()
    assert (said["who"], said["text"], said["message_id"]) == ("manager", "咖啡豆+5", SAID["id"])
    assert said["chat"] == answered["chat"] == "group"
    assert (answered["who"], answered["answers"]) == (None, said["id"])
    assert ["现有", "10 → 15"] in answered["reply"]["fields"]


def test_a_message_sent_again_under_its_id_takes_effect_once(page: Page) -> None:
    assert page.browser.post("/chat/messages", json=SAID).status_code == 202
    assert page.browser.post("/chat/messages", json=SAID).status_code == 202
    assert page.say() == 202
    lines, _ = page.read()
    assert [line["text"] for line in lines] == ["咖啡豆+5", ""]


def test_a_stream_that_resumes_brings_what_is_new_and_nothing_twice(page: Page) -> None:
    page.say()
    _, after = page.read()
    page.browser.post("/chat/messages", json=SAID | {"id": "another-one", "text": "帮助"})

    lines, later = page.read(after)
    assert [line["text"] for line in lines] == ["帮助"]
    assert later != after


@pytest.mark.parametrize("after", ["nonsense", "1.2.3", "~~~~", "a.b.c~~~~", "9" * 500, "~" * 4])
def test_a_position_that_is_none_of_ours_starts_over(page: Page, after: str) -> None:
    page.say()
    lines, _ = page.read(after)
    assert len(lines) == 2


def test_a_private_chat_is_one_persons_own(page: Page) -> None:
    page.say(chat="direct", person="owner", text="帮助")
    lines, _ = page.read()
    assert {line["chat"] for line in lines} == {"direct-owner"}


def test_a_visitor_without_a_role_changes_nothing(page: Page) -> None:
    page.say(person="guest")
    (_, answered), _ = page.read()
    assert answered["reply"]["error"] == "forbidden"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "长" * 2001},
        {"text": 1},
        {"text": None},
        {"person": "root"},
        {"chat": "direct-owner"},
        {"id": "short"},
        {"id": "x" * 65},
        {"id": "mark<up>mark<up>"},
        {"role": "owner"},
    ],
)
def test_what_the_page_would_never_send_is_refused(page: Page, wrong: dict[str, Any]) -> None:
    answer = page.browser.post("/chat/messages", json=SAID | wrong)
    assert answer.status_code == 422
    assert code_of(answer) == "invalid_request"


def test_a_form_of_another_site_is_not_listened_to(page: Page) -> None:
    answer = page.browser.post("/chat/messages", data=json.dumps(SAID), content_type="text/plain")
    assert answer.status_code == 415


def test_the_page_names_its_people_and_loads_its_own_files_only(page: Page) -> None:
    answer = page.browser.get("/chat")
    assert answer.status_code == 200
    assert all(person.title in answer.text for person in PEOPLE)
    assert "http://" not in answer.text
    assert "<style" not in answer.text
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_shop_that_is_served_has_no_chat_page(shop: Shop) -> None:
    browser = create_app(shop).test_client()
    assert browser.get("/chat").status_code == 404
    assert browser.post("/chat/messages", json=SAID).status_code == 404
    assert browser.get("/chat/events").status_code == 404


def test_a_line_is_on_the_stream_as_soon_as_it_is_said(
    page: Page, shop: Shop, serve: Serve
) -> None:
    server = serve(
        shop=shop,
        blueprints=(blueprint(page.live),),
        streams={"/chat/events": lambda _: page.live.stream("")},
    )
    with server.client() as client, client.stream("GET", "/chat/events") as stream:
        events = stream.iter_lines()
        assert "event: hello" in (next(events), next(events))
        assert client.post("/chat/messages", json=SAID).status_code == 202
        assert _next_line(events)["text"] == "咖啡豆+5"


def _next_line(events: Iterator[str]) -> dict[str, Any]:
    for text in events:
        if text.startswith("data: ["):
            line: dict[str, Any] = json.loads(text.removeprefix("data: "))[0]
            return line
    raise AssertionError("the stream ended")


# -- files


def put(page: Page, content: bytes, name: str = "goods.csv") -> str:
    """Put a file where the page puts one; its ticket."""
    answer = page.browser.put("/chat/files", query_string={"name": name}, data=content)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["ticket"])


def test_an_export_is_a_file_that_the_page_can_save(page: Page) -> None:
    page.say(text="导出 商品")

    lines, _ = page.read()
    file = lines[-1]["file"]
    answer = page.browser.get(f"/chat/files/{file['ticket']}")

    assert file["name"].endswith(".csv")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "KFD" in answer.get_data(as_text=True)


def test_a_file_that_is_sent_is_imported_after_a_yes(page: Page) -> None:
    ticket = put(page, "名称,价格,编码\n马克杯,39,MUG\n".encode())
    page.say(text="", file=ticket)
    lines, _ = page.read()
    said, asked = lines
    assert said["file"]["name"] == "goods.csv"
    assert asked["reply"]["outcome"] == "confirm", asked
    assert "马克杯" in json.dumps(asked, ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\r\nb.csv", "a b.csv"),
        ("\0a.csv", "a.csv"),
        ("\u202egnp.csv", "gnp.csv"),
        ('价目 "春";x.csv', '价目 "春";x.csv'),
        ("\r\n", "file"),
    ],
)
def test_the_name_of_a_file_is_one_line(page: Page, name: str, kept: str) -> None:
    ticket = put(page, b"x", name)
    page.say(text="", file=ticket)
    lines, _ = page.read()
    answer = page.browser.get(f"/chat/files/{ticket}")

    assert lines[0]["file"]["name"] == kept
    assert answer.status_code == 200
    assert answer.get_data() == b"x"
    head = answer.headers["Content-Disposition"]
    told = parse_options_header(head)[1]["filename"]
    assert (head.isascii(), head.isprintable(), told) == (True, True, kept)


def test_a_file_kept_under_such_a_name_before_can_be_had(page: Page) -> None:
    ticket = put(page, b"x")
    page.database.run(lambda tx: setattr(tx.get(Attachment, 1), "name", "\0a\nb.csv"))
    answer = page.browser.get(f"/chat/files/{ticket}")

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a b.csv"'


@pytest.mark.parametrize("ticket", ["1", "1-", "1-0123", "x", "99999999999999999999-0", "1-é"])
def test_a_ticket_that_nobody_gave_out_opens_nothing(page: Page, ticket: str) -> None:
    put(page, b"x")

    assert page.browser.get(f"/chat/files/{ticket}").status_code == 404
    assert page.browser.post("/chat/messages", json=SAID | {"file": ticket}).status_code == 404


def test_neither_text_nor_file_is_no_message(page: Page) -> None:
    assert page.browser.post("/chat/messages", json=SAID | {"text": ""}).status_code == 422
    assert page.browser.put("/chat/files", data=b"").status_code == 422


def test_a_file_that_is_too_large_is_refused(page: Page) -> None:
    assert page.browser.put("/chat/files", data=b"x" * ((10 << 20) + 1)).status_code == 413
    assert page.browser.post("/chat/files", data=b"x").status_code == 405  # a form of another site
