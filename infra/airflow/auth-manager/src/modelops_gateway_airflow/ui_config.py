"""What Airflow's pages show: the selected project, and no buttons for what the gateway never allows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from modelops_gateway_airflow.caller import current_caller
from modelops_gateway_airflow.middleware import below

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from modelops_gateway_airflow.user import GatewayUser

PATH = "/ui/config"
HIDDEN = {"display": "none !important"}
TOKEN_ITEM = '[data-part="item"][data-value="generateToken"]'
LABEL = "html:not(:has(#modelops-gateway)) body::after"
"""The page bar of the gateway (`#modelops-gateway`) names the project in the same corner. A route can turn it off."""
TRIGGER_BUTTONS = '[data-testid="trigger-dag-button"]'


class UiConfigMiddleware:
    """Adds to the response of `GET /ui/config`, the one place where Airflow's pages learn how to look."""

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self._app = app
        self._base_path = base_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = current_caller.get()
        asked = scope["type"] == "http" and scope["method"] == "GET"
        if caller is None or not asked or below(self._base_path, scope["path"]) != PATH:
            return await self._app(scope, receive, send)
        return await self._app(scope, receive, _Rewriter(send, caller.user))


class _Rewriter:
    """Holds the response back until it is whole."""

    def __init__(self, send: Send, user: GatewayUser) -> None:
        self._send = send
        self._user = user
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await self._finish()

    async def _finish(self) -> None:
        body = self._body
        if self._start["status"] == 200:
            body = json.dumps(for_user(json.loads(body), self._user)).encode()
        kept = [header for header in self._start["headers"] if header[0] != b"content-length"]
        await self._send({**self._start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def for_user(config: dict[str, Any], user: GatewayUser) -> dict[str, Any]:
    """Airflow's configuration of its pages, with what this caller should see."""
    theme = dict(config.get("theme") or {})
    css = {**(theme.get("globalCss") or {}), TOKEN_ITEM: HIDDEN}
    if not user.is_editor:
        css[TRIGGER_BUTTONS] = HIDDEN
    if user.narrowed:
        name = _plain(user.memberships[0].name or user.memberships[0].id) if user.memberships else "?"
        alert = {
            "text": f"Only project {name} is shown. Clear the selection in the portal to see all.",
            "category": "info",
        }
        config["dashboard_alert"] = [alert, *config["dashboard_alert"]]
        config["instance_name"] = f"{config['instance_name']} · {name}"
        css[LABEL] = _label(f"Project {name}")
    return {**config, "theme": {**theme, "globalCss": css}}


def _label(text: str) -> dict[str, str]:
    return {
        "content": json.dumps(text),
        "position": "fixed",
        "bottom": "8px",
        "right": "16px",
        "padding": "2px 10px",
        "border-radius": "6px",
        "background": "#1d4ed8",
        "color": "#ffffff",
        "font-size": "13px",
        "pointer-events": "none",
        "z-index": "2000",
    }


def _plain(name: str) -> str:
    """Names end up in Markdown and CSS: nothing but letters, digits and `_ . -` and spaces."""
    return re.sub(r"[^\w. -]", "?", name)
