"""Who makes the request that runs now, for code that Airflow calls without naming the caller."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelops_gateway_airflow.user import GatewayUser


@dataclass(frozen=True)
class Caller:
    """A verified assertion and what it says."""

    assertion: str
    user: GatewayUser


current_caller: ContextVar[Caller | None] = ContextVar("modelops_gateway_caller", default=None)
"""None outside a request, and for requests that need no assertion."""
