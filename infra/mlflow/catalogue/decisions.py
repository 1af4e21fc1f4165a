"""What a person has decided about each route and each field, release by release (`infra/mlflow/decisions/`).

A release's file contains exactly what the release before does not have. So every new line of a release waits for a
person: a route in no file, or a field in no class, is reported with the decision that is missing, and a line about
something that the release does not have is reported as well.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "decisions"
USES = ("viewer", "editor", "admin", "denied")
# `nested` is no class: the fields of that message have theirs.
CLASSES = ("workspace", "checked", "derived", "path", "refused", "removed", "plain", "nested")


@dataclass
class Decisions:
    uses: dict[str, str] = field(default_factory=dict)
    # Class by owner (a route or a shape) and field.
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def read(self, file: Path) -> None:
        document = yaml.safe_load(file.read_text())
        for line, entry in document["routes"].items():
            entry = dict(entry)
            use = entry.pop("use", None)
            if use is not None:
                self.add_use(file, line, use)
            self.add_fields(file, line, entry)
        for shape, entry in document["shapes"].items():
            self.add_fields(file, shape, entry)

    def add_use(self, file: Path, line: str, use: str) -> None:
        if use not in USES:
            self.errors.append(f"{file.name}: {line}: use: expected one of {', '.join(USES)}, got {use}")
        self.uses[line] = use

    def add_fields(self, file: Path, owner: str, entry: dict[str, list[str]]) -> None:
        known = self.fields.setdefault(owner, {})
        for name, fields in entry.items():
            if name.split()[0] not in CLASSES:
                self.errors.append(f"{file.name}: {owner}: expected a class ({', '.join(CLASSES)}), got {name}")
            for found in fields:
                if found in known:
                    self.errors.append(f"{file.name}: {owner}.{found} is decided twice")
                known[found] = name


def decisions_until(release: str) -> Decisions:
    """Everything decided for a minor release and those before it. @param release: e.g. `3.18`"""
    decisions = Decisions()
    for file in sorted(FOLDER.glob("*.yaml"), key=lambda each: version_of(each.stem)):
        if version_of(file.stem) <= version_of(release):
            decisions.read(file)
    return decisions


def version_of(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


def apply(routes: dict[str, dict[str, Any]], shapes: dict[str, dict[str, str]], decisions: Decisions) -> dict[str, Any]:
    """The catalogue of a release; `decisions.errors` then says what a person must still decide.

    @param routes: what each route reads, by line. @param shapes: fields of every shape.
    """
    result: dict[str, Any] = {use: [] for use in USES}
    requests: dict[str, Any] = {}
    used: dict[str, Any] = {}
    for line, request in routes.items():
        use = decisions.uses.get(line)
        if use is None:
            decisions.errors.append(f"undecided route: {line}: who may use it? use: {' | '.join(USES)}")
            continue
        result[use].append(line)
        if use in ("viewer", "editor"):
            requests[line] = classed_request(line, request, shapes, decisions, used)
    for line in decisions.uses.keys() - routes.keys():
        decisions.errors.append(f"decided, but not a route of this release: {line}")
    for owner, names in decisions.fields.items():
        there = used.get(owner) or {name for name in routes.get(owner, {}).get("own", [])}
        for name in names.keys() - set(there):
            if owner in used or owner in routes:
                decisions.errors.append(f"decided, but not a field of this release: {owner}.{name}")
    return {**result, "requests": {line: found for line, found in requests.items() if found}, "shapes": used}


def classed_request(line, request, shapes, decisions: Decisions, used) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in ("query", "body"):
        if part in request:
            found[part] = request[part]
            walk(request[part], shapes, decisions, used)
    names = {name: class_of(line, name, decisions) for name in request.get("own", [])}
    path = {name: names[name] for name in request.get("path", [])}
    headers = {name: names[name] for name in request.get("headers", [])}
    rest = {name: names[name] for name in request.get("names", []) if name not in path}
    for key, value in (("path", path), ("headers", headers), ("fields", rest)):
        if value:
            found[key] = value
    if request.get("raw"):
        found["raw"] = True
    return found


def walk(shape: str, shapes, decisions: Decisions, used) -> None:
    if shape in used or shape not in shapes:
        return
    used[shape] = {}
    for name, kind in shapes[shape].items():
        chosen = class_of(shape, name, decisions)
        nested = kind in shapes
        if chosen == "nested" and nested:
            used[shape][name] = f"> {kind}"
            walk(kind, shapes, decisions, used)
        elif nested and chosen not in ("removed", "undecided"):
            decisions.errors.append(f"{shape}.{name}: expected nested or removed, got {chosen}")
        else:
            used[shape][name] = chosen


def class_of(owner: str, name: str, decisions: Decisions) -> str:
    chosen = decisions.fields.get(owner, {}).get(name)
    if chosen is None:
        decisions.errors.append(
            f"undecided field: {owner}.{name}: does it name anything of a project? "
            "workspace KIND | checked KIND | derived KIND | path | removed | plain (nested for a message)"
        )
    return chosen or "undecided"
