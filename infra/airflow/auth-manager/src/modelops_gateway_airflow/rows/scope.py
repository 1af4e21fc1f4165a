"""What one request may read and change."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Route = Literal["other", "assets", "import-errors"]
Unowned = Literal["hidden", "readable", "writable"]


@dataclass(frozen=True)
class RowScope:
    """The projects of a request. Rows of other projects do not exist for it."""

    readable: frozenset[str]
    """Keys of the projects (names of teams, or tags) whose rows may be read."""
    writable: frozenset[str]
    """Keys of the projects whose rows may be changed."""
    route: Route = "other"
    """Routes that see less: `assets` no asset that another project produces, `import-errors` no other DAG at all."""
    unowned: Unowned = "hidden"
    """Rows without a team: tasks of all teams read them, tasks of a DAG without a team change them."""


current_rows: ContextVar[RowScope | None] = ContextVar("modelops_gateway_rows", default=None)
"""The scope of the request that runs now. None: all rows."""
