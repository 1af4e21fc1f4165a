"""The caller of one request, as the assertion describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from jwt import InvalidTokenError

ROLES = ("admin", "editor", "viewer", "user")


@dataclass(frozen=True)
class Membership:
    """A project of the caller. ``name`` is empty if the assertion does not contain it."""

    id: str
    name: str
    role: Literal["editor", "viewer"]


@dataclass(frozen=True)
class GatewayUser(BaseUser):
    """Lives as long as its request and is never stored."""

    subject: str
    username: str
    email: str
    is_admin: bool
    narrowed: bool
    """A project is selected or named: only that project is visible, for administrators too."""
    memberships: tuple[Membership, ...] = field(default=())

    def get_id(self) -> str:
        return self.subject

    def get_name(self) -> str:
        return self.username

    @property
    def sees_all_projects(self) -> bool:
        return self.is_admin and not self.narrowed

    @property
    def is_editor(self) -> bool:
        """Whether the caller may change anything in any project."""
        return self.is_admin or any(each.role == "editor" for each in self.memberships)

    @property
    def is_member(self) -> bool:
        return self.is_admin or bool(self.memberships)


def parse_user(claims: dict[str, Any]) -> GatewayUser:
    """Read verified claims. Raises InvalidTokenError naming the invalid claim."""
    role = claims.get("role")
    if role not in ROLES:
        raise InvalidTokenError(f"role: expected one of {', '.join(ROLES)}, got {role!r}")
    project_id = claims.get("project_id")
    if project_id is not None and not isinstance(project_id, str):
        raise InvalidTokenError(f"project_id: expected a string, got {type(project_id).__name__}")
    subject = _text(claims, "sub")
    return GatewayUser(
        subject=subject,
        username=_text(claims, "preferred_username", subject),
        email=_text(claims, "email", ""),
        is_admin=role == "admin",
        narrowed=project_id is not None,
        memberships=_memberships(claims, role, project_id),
    )


def _memberships(claims: dict[str, Any], role: str, project_id: str | None) -> tuple[Membership, ...]:
    listed = claims.get("projects", [])
    if not isinstance(listed, list):
        raise InvalidTokenError(f"projects: expected a list, got {type(listed).__name__}")
    known = tuple(_membership(each) for each in listed)
    if project_id is None:
        return known
    # The role of a narrowed assertion is the role in that project, whatever the list says.
    names = {each.id: each.name for each in known}
    return (Membership(project_id, names.get(project_id, ""), _project_role(role)),) if role != "user" else ()


def _membership(value: object) -> Membership:
    if not isinstance(value, dict):
        raise InvalidTokenError(f"projects: expected objects, got {type(value).__name__}")
    return Membership(_text(value, "id"), _text(value, "name"), _project_role(value.get("role")))


def _project_role(role: object) -> Literal["editor", "viewer"]:
    if role in ("admin", "editor"):
        return "editor"
    if role == "viewer":
        return "viewer"
    raise InvalidTokenError(f"projects.role: expected admin, editor or viewer, got {role!r}")


def _text(claims: dict[str, Any], name: str, default: str | None = None) -> str:
    value = claims.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise InvalidTokenError(f"{name}: expected a string, got {type(value).__name__}")
    return value
