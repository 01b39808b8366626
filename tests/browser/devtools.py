"""A real Chromium, driven through its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 60.0
POLL_S = 0.05
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # in containers the tests run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
)
KEYS = {
    "Enter": 13,
    "Escape": 27,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Tab": 9,
}


class Page:
    """One tab. What it logged, what it asked for and what was refused is kept."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.errors: list[str] = []
        self.requested: list[str] = []
        self.refused: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its result; events that come before are noted."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(PATIENCE_S))
            if message.get("id") == self._number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                self.errors.append(str(details.get("exception", details).get("description", details)))
            case "Runtime.consoleAPICalled" if parameters["type"] == "error":
                shown = [str(item.get("value", item.get("description"))) for item in parameters["args"]]
                self.errors.append(" ".join(shown))
            case "Network.requestWillBeSent":
                self.requested.append(parameters["request"]["url"])
            case "Network.responseReceived" if parameters["response"]["status"] >= 400:
                self.refused.append(f"{parameters['response']['status']} {parameters['response']['url']}")

    def size(self, width: int, height: int) -> None:
        """The size of the window in CSS pixels; below 500 it is a phone."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip

    def goto(self, url: str) -> None:
        """Open an address; the page may still be loading."""
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, promises awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str, *, patience_s: float = PATIENCE_S) -> Any:
        """The expression's value as soon as it is true."""
        deadline = time.monotonic() + patience_s
        while True:
            # The page may just be changing under the expression.
            with suppress(AssertionError):
                if found := self.evaluate(expression):
                    return found
            assert time.monotonic() < deadline, (
                f"waited for {expression}; the page says {self.text()!r}; "
                f"errors {self.errors}; refused {self.refused}"
            )
            time.sleep(POLL_S)

    def text(self) -> str:
        """All that can be read."""
        return str(self.evaluate("document.body.innerText"))

    def wait_for(self, text: str, **more: Any) -> None:
        """Wait until some text can be read."""
        self.wait(f"document.body.innerText.includes({json.dumps(text)})", **more)

    def click(self, selector: str) -> None:
        """Click in the middle of an element, as a mouse does."""
        found = json.dumps(selector)
        self.wait(f"!!document.querySelector({found})")
        self.evaluate(f"document.querySelector({found}).scrollIntoView({{block: 'center'}})")
        # What slides in or grows is where it was a moment ago, or is covered: wait until it stands still.
        x, y = self.wait(
            f"(async () => {{ const look = () => {{ const e = document.querySelector({found});"
            " const b = e.getBoundingClientRect(); const at = [b.x + b.width / 2, b.y + b.height / 2];"
            " return e.contains(document.elementFromPoint(...at)) ? at : null; };"
            " const before = look(); await new Promise(done => setTimeout(done, 60)); const after = look();"
            " return before && after && String(before) === String(after) ? after : null; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click_button(self, name: str, within: str = "body") -> None:
        """Click the button or link that is called so."""
        look = (
            f"[...document.querySelectorAll({json.dumps(f'{within} button, {within} a')})]"
            f".find(e => e.innerText.trim() === {json.dumps(name)} && !e.disabled)"
        )
        self.wait(f"!!{look}")
        self.evaluate(f"{look}.setAttribute('data-wanted', 'yes')")
        self.click("[data-wanted=yes]")
        self.evaluate("document.querySelector('[data-wanted]')?.removeAttribute('data-wanted')")

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.click(selector)
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=KEYS[key],
                **text,
            )

    def screenshot(self, path: Path) -> None:
        """What is to be seen, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


class Browser:
    """Chromium in a process group of its own, with an empty profile.

    Args:
        folder: For its profile and downloads; empty.
    """

    def __init__(self, command: str, folder: Path) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        profile = folder / "profile"
        self._process = subprocess.Popen(
            [command, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            env={**os.environ, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        port_file = profile / "DevToolsActivePort"
        self._wait(lambda: port_file.exists() and "\n" in port_file.read_text())
        self._port = int(port_file.read_text().split()[0])
        self._connections = ExitStack()

    def page(self) -> Page:
        """A new tab."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new", method="PUT")
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            address = json.load(answer)["webSocketDebuggerUrl"]
        # Without a limit and without pings: nobody takes the events while a test waits for something else.
        connection = connect(address, max_size=None, max_queue=None, ping_interval=None, proxy=None)
        page = Page(self._connections.enter_context(connection))
        page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        return page

    def _wait(self, look: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not look():
            assert self._process.poll() is None, "the browser ended"
            assert time.monotonic() < deadline, "the browser did not start"
            time.sleep(POLL_S)

    def close(self) -> None:
        """End it and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE_S)
        self._connections.close()
