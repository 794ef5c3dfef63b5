"""One client's trip to one server, in whichever program the client runs."""

from collections.abc import Callable
from pathlib import Path

from tests.system.clients import packages, pages
from tests.system.clients.clients import TRIP, Client, run_server_client
from tests.system.clients.server import IngestServer


def send(
    client: Client,
    server: IngestServer,
    folder: Path,
    wait: Callable[[], None],
    *,
    key: str,
    secret: str,
    gzip: bool = True,
) -> tuple[list[str], str | None]:
    """What the client calls errors, and the address of its page if it runs in a browser.

    `wait` returns when the server has what is to come: a browser stays open until then. Node's scripts and what
    esbuild makes go into `folder`.
    """
    if client.kind == "browser":
        configuration = {"host": server.host, "key": key, "trip": TRIP}
        with pages.opened(packages.bundle(client.name, folder), configuration, folder / "profile") as page:
            errors = page.done.get(timeout=60)
            wait()
            return errors, page.url
    scripts = packages.node_scripts(folder) if client.kind == "node" else folder
    errors = run_server_client(client, server.host, scripts, key=key, secret=secret, gzip=gzip)
    wait()
    return errors, None
