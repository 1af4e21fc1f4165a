"""The database behind the server, as facts that a test compares before and after a request."""

from __future__ import annotations

import sqlite3
from pathlib import Path

Row = tuple[str, ...]
"""`column=value` for each column."""
Facts = dict[str, set[Row]]

# Airflow's own log of requests, and heartbeats of its processes.
NOT_COMPARED = {"log", "job", "alembic_version", "session"}


def facts(home: Path) -> Facts:
    """Every row of every table."""
    with sqlite3.connect(f"file:{home / 'airflow.db'}?mode=ro", uri=True, timeout=30) as database:
        listed = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        tables = {name for (name,) in listed} - NOT_COMPARED
        return {table: _rows(database.execute(f'SELECT * FROM "{table}"')) for table in tables}


def _rows(cursor: sqlite3.Cursor) -> set[Row]:
    names = [column[0] for column in cursor.description]
    return {tuple(f"{name}={value}" for name, value in zip(names, row, strict=True)) for row in cursor}


def changes(before: Facts, after: Facts) -> list[str]:
    """Tables with rows that were added, changed or removed."""
    return sorted(table for table in before if before[table] != after[table])


def one(home: Path, query: str, *values: object) -> str:
    with sqlite3.connect(f"file:{home / 'airflow.db'}?mode=ro", uri=True, timeout=30) as database:
        (value,) = database.execute(query, values).fetchone()
    return str(value)
