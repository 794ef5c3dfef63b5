"""Three real browser engines behind one small interface: Chromium and WebKitGTK by Selenium, Firefox by WebDriver BiDi.

Debian has no geckodriver; Firefox itself speaks BiDi over a WebSocket, which is all that is needed here.
"""

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import websocket
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service as ChromeService
from selenium.webdriver.webkitgtk.service import Service as WebKitService

PROGRAMS = {
    "chromium": ("chromium", "chromedriver"),
    "firefox": ("firefox-esr",),
    "webkit": ("WebKitWebDriver", "Xvfb"),
}
"""Engine → programs it needs; `.ci/run` installs their Debian packages."""

_MINI_BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"


class Tab(Protocol):
    """One tab; `run` evaluates an expression, awaits it, and gives it by way of JSON."""

    def open(self, url: str) -> None: ...
    def run(self, expression: str) -> Any: ...
    def close(self) -> None: ...
    def screenshot(self, path: Path) -> None: ...


class Browser(Protocol):
    name: str

    def tab(self) -> Tab: ...
    def close_tabs(self) -> None: ...
    def quit(self) -> None: ...


def missing(name: str) -> str | None:
    """Why this engine cannot be tried here, or None."""
    lacking = [program for program in PROGRAMS[name] if not shutil.which(program)]
    if name == "webkit" and not _mini_browser():
        lacking.append("MiniBrowser")
    return f"{name} needs {', '.join(lacking)} (Debian packages: see .ci/run)" if lacking else None


def _mini_browser() -> Path | None:
    return next(iter(sorted(Path("/").glob(_MINI_BROWSERS[1:]))), None)


@contextlib.contextmanager
def browser(
    name: str, *, size: tuple[int, int] = (1280, 900), mobile: bool = False, private: bool = False
) -> Iterator[Browser]:
    """A fresh browser with an empty profile. WebKitGTK's driver knows private sessions only."""
    if name == "firefox":
        made: Browser = _Firefox(private)
    elif name == "webkit":
        made = _WebKit()
    else:
        made = _Chromium(size, mobile, private)
    try:
        yield made
    finally:
        made.quit()


def _wrapped(expression: str) -> str:
    return f"(async () => JSON.stringify((await ({expression})) ?? null))()"


class _ClassicTab:
    def __init__(self, driver: webdriver.Remote, handle: str) -> None:
        self._driver, self.handle = driver, handle

    def open(self, url: str) -> None:
        self._driver.switch_to.window(self.handle)
        self._driver.get(url)

    def run(self, expression: str) -> Any:
        self._driver.switch_to.window(self.handle)
        return json.loads(self._driver.execute_script(f"return {_wrapped(expression)}"))

    def close(self) -> None:
        self._driver.switch_to.window(self.handle)
        if len(self._driver.window_handles) == 1:
            self._driver.switch_to.new_window("tab")  # with its last tab the browser would end
            self._driver.switch_to.window(self.handle)
        self._driver.close()
        self._driver.switch_to.window(self._driver.window_handles[0])

    def screenshot(self, path: Path) -> None:
        self._driver.switch_to.window(self.handle)
        path.write_bytes(self._driver.get_screenshot_as_png())


class _Classic:
    name: str
    driver: webdriver.Remote
    _fresh = True
    """The window that is there is nobody's yet."""

    def tab(self) -> _ClassicTab:
        if not self._fresh:
            self.driver.switch_to.new_window("tab")
        self._fresh = False
        return _ClassicTab(self.driver, self.driver.current_window_handle)

    def current_tab(self) -> _ClassicTab:
        return _ClassicTab(self.driver, self.driver.window_handles[-1])

    def close_tabs(self) -> None:
        old = self.driver.window_handles
        self.driver.switch_to.window(old[-1])
        self.driver.switch_to.new_window("tab")
        last = self.driver.current_window_handle
        for handle in old:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(last)
        self._fresh = True

    def quit(self) -> None:
        with contextlib.suppress(WebDriverException):
            self.driver.quit()


class _Chromium(_Classic):
    name = "chromium"

    def __init__(self, size: tuple[int, int], mobile: bool, private: bool) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.add_argument(f"--window-size={size[0]},{size[1]}")
        if private:
            options.add_argument("--incognito")
        if mobile:
            options.add_experimental_option(
                "mobileEmulation", {"deviceMetrics": {"width": size[0], "height": size[1], "pixelRatio": 2.0}}
            )
        self.driver = webdriver.Chrome(options, ChromeService(shutil.which("chromedriver")))
        self.driver.set_script_timeout(60)


class _WebKit(_Classic):
    name = "webkit"

    def __init__(self) -> None:
        self._display, self._screen = _xvfb()
        options = webdriver.WebKitGTKOptions()
        options.binary_location = str(_mini_browser())
        options.add_argument("--automation")
        environment = {
            **os.environ,
            "DISPLAY": self._display,
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        }
        service = WebKitService(str(shutil.which("WebKitWebDriver")), env=environment)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # Selenium's own, about itself
                self.driver = webdriver.WebKitGTK(options, service=service)
        except BaseException:
            self._screen.kill()
            self._screen.wait()
            raise
        self.driver.set_script_timeout(60)

    def quit(self) -> None:
        super().quit()
        self._screen.kill()
        self._screen.wait()


def _xvfb() -> tuple[str, subprocess.Popen[bytes]]:
    """A display of its own, on a number that Xvfb finds free."""
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1000x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read, "rb") as numbers:
        return f":{numbers.readline().decode().strip()}", screen


class _FirefoxTab:
    def __init__(self, firefox: "_Firefox", context: str) -> None:
        self._firefox, self.context = firefox, context

    def open(self, url: str) -> None:
        self._firefox.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def run(self, expression: str) -> Any:
        result = self._firefox.call(
            "script.evaluate",
            expression=_wrapped(expression),
            target={"context": self.context},
            awaitPromise=True,
        )
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def close(self) -> None:
        self._firefox.call("browsingContext.close", context=self.context)

    def screenshot(self, path: Path) -> None:
        raise NotImplementedError


class _Firefox:
    name = "firefox"

    def __init__(self, private: bool) -> None:
        self._folder = tempfile.mkdtemp(prefix="rastro-firefox-")
        preferences = {
            "browser.shell.checkDefaultBrowser": False,
            "browser.startup.homepage_override.mstone": "ignore",
            "datareporting.policy.dataSubmissionEnabled": False,
            "app.normandy.enabled": False,
            "network.captive-portal-service.enabled": False,
            "network.connectivity-service.enabled": False,
            "browser.tabs.warnOnClose": False,
            "browser.privatebrowsing.autostart": private,
        }
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()
        ]
        (Path(self._folder) / "user.js").write_text("\n".join(lines) + "\n")
        command = [
            "firefox-esr",
            "--headless",
            "--no-remote",
            "--profile",
            self._folder,
            "--remote-debugging-port",
            "0",
        ]
        self._log = Path(self._folder) / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "HOME": self._folder},
            )
        self._numbers = itertools.count(1)
        self._socket = websocket.create_connection(
            f"{self._address()}/session", suppress_origin=True, timeout=60
        )
        self.call("session.new", capabilities={})

    def _address(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = re.search(
                r"WebDriver BiDi listening on (ws://\S+)", self._log.read_text(errors="replace")
            )
            if found:
                return found[1]
            time.sleep(0.1)
        raise RuntimeError(f"Firefox did not start: {self._log.read_text(errors='replace')[-500:]}")

    def call(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]

    def tab(self) -> _FirefoxTab:
        return _FirefoxTab(self, self.call("browsingContext.create", type="tab")["context"])

    def close_tabs(self) -> None:
        tree = self.call("browsingContext.getTree", maxDepth=0)["contexts"]
        self.call("browsingContext.create", type="tab")  # with its last tab the browser would end
        for context in tree:
            self.call("browsingContext.close", context=context["context"])

    def quit(self) -> None:
        with contextlib.suppress(Exception):
            self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
