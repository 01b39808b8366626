"""The security headers of every response, also of refusals and errors.

https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
DATA_CACHING = "no-store"
ASSET_CACHING = "no-cache"
"""Kept, and asked for again each time: after an upgrade nobody runs old code against new data."""


class ResponseHeaders:
    """ASGI middleware that adds the headers, and turns away what another site's page asks for.

    A browser says where a request comes from in `Sec-Fetch-Site`. Nothing here
    changes anything, but a pack costs minutes of computing, and a link on
    another site would carry the user's cookie.

    Args:
        app: What answers.
        assets_prefix: Paths below it hold no data and may be cached.
    """

    def __init__(self, app: Application, *, assets_prefix: str) -> None:
        self._app = app
        self._assets_prefix = assets_prefix

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        caching = ASSET_CACHING if path.startswith(self._assets_prefix) else DATA_CACHING
        added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        added.append((b"cache-control", caching.encode()))
        names = {name for name, _ in added}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [item for item in message.get("headers", []) if item[0].lower() not in names]
                message["headers"] = [*kept, *added]
            await send(message)

        if caching == DATA_CACHING and _is_foreign(scope):
            await _refuse(send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _is_foreign(scope: Message) -> bool:
    sites = [value for name, value in scope["headers"] if name.lower() == b"sec-fetch-site"]
    return any(site in (b"cross-site", b"same-site") for site in sites)


async def _refuse(send: Send) -> None:
    body = b'{"detail":"Forbidden to other sites"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
