"""Drives Debian's Chromium over its own DevTools protocol: real clicks, real keys, no driver.

A test sees what a person sees, and what a person cannot: console errors, every address asked for.
"""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.sync.client import connect

PATIENCE_S = 10.0
FLAGS = (
    "--headless",
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_MEANT_BY_ENTER = {
    "key": "Enter",
    "code": "Enter",
    "windowsVirtualKeyCode": 13,
    "text": "\r",
}


class ChromiumMissingError(RuntimeError):
    """There is no Chromium on this machine."""


class BrowserError(AssertionError):
    """The page did not do what the test waits for."""


class Chromium:
    """A headless browser; each page is a person of its own, with cookies of its own."""

    def __init__(self) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise ChromiumMissingError("no chromium on PATH (Debian: apt install chromium)")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._socket = connect(self._address(), max_size=None)
        self._last = 0
        self._pages: dict[str, Page] = {}

    def page(self, width: int, height: int, *, phone: bool = False, dark: bool = False) -> "Page":
        """A new page in a profile of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call(
            "Target.createTarget", {"url": "about:blank", "browserContextId": context}
        )["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page(self, attached["sessionId"])
        self._pages[attached["sessionId"]] = page
        page.open(width, height, phone=phone, dark=dark)
        return page

    def call(
        self, method: str, params: dict[str, Any] | None = None, session: str = ""
    ) -> dict[str, Any]:
        """One DevTools command and its answer; raises ``BrowserError``."""
        self._last += 1
        number = self._last
        command: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session:
            command["sessionId"] = session
        self._socket.send(json.dumps(command))
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._next(deadline - time.monotonic())
            if answer is None:
                raise BrowserError(f"{method}: no answer")
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def listen(self, seconds: float) -> None:
        """Take in what the pages report, for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self._next(left) is not None:
            pass

    def close(self) -> None:
        """End the browser and forget its profile."""
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self, timeout_s: float) -> dict[str, Any] | None:
        try:
            message: dict[str, Any] = json.loads(self._socket.recv(timeout=max(timeout_s, 0)))
        except TimeoutError:
            return None
        if "method" in message and message.get("sessionId") in self._pages:
            self._pages[message["sessionId"]].note(message["method"], message["params"])
        return message

    def _address(self) -> str:
        file = Path(self._profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + 3 * PATIENCE_S
        while time.monotonic() < deadline:
            lines = file.read_text().split() if file.exists() else []
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            if self._process.poll() is not None:
                raise BrowserError("chromium ended at once")
            time.sleep(0.05)
        raise BrowserError("chromium did not open its port")


class Page:
    """One page. Selectors are CSS; ``faults`` and ``hosts`` grow while anything is done."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        self.blocked: tuple[str, ...] = ()

    def open(self, width: int, height: int, *, phone: bool, dark: bool) -> None:
        """Take the shape of a screen."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self._call("Emulation.setDeviceMetricsOverride", screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", {"features": [scheme]})
        self._call("Emulation.setFocusEmulationEnabled", {"enabled": True})

    def goto(self, url: str) -> None:
        """Open an address and wait until it is loaded."""
        self._call("Page.navigate", {"url": url})
        self.wait(
            f"document.readyState === 'complete' && location.href !== 'about:blank' /*{url}*/"
        )

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; promises are awaited."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._call("Runtime.evaluate", asked)
        if "exceptionDetails" in answer:
            raise BrowserError(answer["exceptionDetails"].get("text", "") + expression)
        return answer["result"].get("value")

    def wait(self, expression: str, *, seconds: float = PATIENCE_S) -> Any:
        """Wait until an expression is true and return it; raises ``BrowserError``."""
        return self._until(lambda: self.evaluate(expression), expression, seconds)

    def text(self, selector: str) -> str:
        """The visible text of the first element."""
        return str(
            self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        )

    def see(self, text: str, *, within: str = "body", seconds: float = PATIENCE_S) -> None:
        """Wait until ``text`` is to be read."""
        self._until(lambda: text in self.text(within), f"{text!r} in {within}", seconds)

    def click(self, selector: str, *, holding: str = "") -> None:
        """Click, on the screen, the last element that fits and has ``holding`` in its text.

        Not before the page has its style sheets: until then it moves under the pointer.
        """
        self.wait("document.readyState === 'complete'")
        place = self.wait(
            f"""(() => {{
              const fit = [...document.querySelectorAll({json.dumps(selector)})].filter(
                (node) => node.innerText.includes({json.dumps(holding)}) && !node.disabled);
              const node = fit.at(-1);
              if (!node) return null;
              node.scrollIntoView({{ block: "center", inline: "nearest" }});
              const box = node.getBoundingClientRect();
              const at = {{ x: box.x + box.width / 2, y: box.y + box.height / 2 }};
              const hit = document.elementFromPoint(at.x, at.y);
              return node.contains(hit) ? at : null;
            }})()"""
        )
        button = {"button": "left", "clickCount": 1, **place}
        self._call("Input.dispatchMouseEvent", {"type": "mousePressed", **button})
        self._call("Input.dispatchMouseEvent", {"type": "mouseReleased", **button})

    def type(self, selector: str, text: str) -> None:
        """Click into a field and type over what is there."""
        reached = f"document.activeElement === document.querySelector({json.dumps(selector)})"
        self._until(lambda: self._reached(selector, reached), selector, PATIENCE_S)
        self.evaluate("document.activeElement.select()")
        self._call("Input.insertText", {"text": text})

    def enter(self) -> None:
        """Press Enter."""
        self._call("Input.dispatchKeyEvent", {"type": "keyDown", **_MEANT_BY_ENTER})
        self._call("Input.dispatchKeyEvent", {"type": "keyUp", **_MEANT_BY_ENTER})

    def offline(self, *, off: bool) -> None:
        """Cut the network, or mend it."""
        shape = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._call("Network.emulateNetworkConditions", {"offline": off, **shape})

    def screenshot(self, path: Path) -> None:
        """Keep what is on the screen as PNG."""
        picture = self._call("Page.captureScreenshot", {"format": "png"})
        path.write_bytes(base64.b64decode(picture["data"]))

    def note(self, method: str, params: dict[str, Any]) -> None:
        """Remember what matters of an event."""
        if method == "Network.requestWillBeSent":
            self.hosts.add(urlsplit(params["request"]["url"]).netloc)
        elif method == "Runtime.exceptionThrown":
            self.faults.append(json.dumps(params["exceptionDetails"])[:500])
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning"}:
            self.faults.append(json.dumps(params["args"])[:500])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.faults.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def _reached(self, selector: str, reached: str) -> bool:
        self.click(selector)
        return bool(self.evaluate(reached))

    def _until(self, ask: Callable[[], Any], what: str, seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = ask()
            except BrowserError:  # between two pages there is nothing to ask
                answer = None
            if answer not in (None, False, 0, ""):  # an element comes as {}
                return answer
            if time.monotonic() > deadline:
                shown = self.text("body")[-1500:]
                raise BrowserError(f"waited {seconds} s for {what}; the page ends: {shown}")
            self._browser.listen(0.02)

    def _call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._browser.call(method, params, self._session)
