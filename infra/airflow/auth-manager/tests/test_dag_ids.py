"""Names that all projects share, and what the DAG processor stores of a parsed file. No Airflow server needed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.dag_processing.processor import DagFileParsingResult
from gateway import TEAM

from modelops_gateway_airflow.name_rules import NameRules
from modelops_gateway_airflow.settings import Settings
from modelops_gateway_airflow.tasks.dag_ids import guard_dag_ids

ALPHA, BETA = TEAM["alpha"], TEAM["beta"]
RULES = NameRules({"alpha": ALPHA, "alpha_two": BETA, "beta": BETA, "common": None})


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("alpha", ALPHA), ("alpha_x", ALPHA), ("alpha-x", ALPHA), ("alpha.x", ALPHA), ("alpha/x", ALPHA),
        ("alpha_two", BETA), ("alpha_two_x", BETA), ("alpha_twox", ALPHA), ("beta_x", BETA), ("common_x", None),
    ],
)  # fmt: skip
def test_a_name_belongs_to_the_longest_bundle_that_it_starts_with(name: str, owner: str | None) -> None:
    for team in (ALPHA, BETA, None):
        assert RULES.is_of(name, team) == (team == owner)
        assert RULES.is_of_another(name, team) == (team != owner)


@pytest.mark.parametrize("name", ["alphax", "Alpha_x", "x_alpha", "", "al"])
def test_other_names_belong_to_nobody(name: str) -> None:
    for team in (ALPHA, BETA, None):
        assert not RULES.is_of(name, team) and not RULES.is_of_another(name, team)


class Manager:
    """Airflow's manager, as far as it stores a result."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] = {}

    def persist_parsing_result(self, *, parsing_result: DagFileParsingResult, **_rest: Any) -> None:
        self.stored = {
            "dags": [dag.dag_id for dag in parsing_result.serialized_dags],
            "errors": parsing_result.import_errors,
            "warnings": parsing_result.warnings,
        }


class Database:
    """Which bundle has which DAG id."""

    def __init__(self, **holders: str) -> None:
        self._rows = list(holders.items())

    def execute(self, _query: object) -> list[tuple[str, str]]:
        return self._rows


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch):
    bundles = [
        {"name": name, "classpath": "x", "kwargs": {}, "team_name": team}
        for name, team in (("alpha", ALPHA), ("alpha-two", ALPHA), ("beta", BETA), ("common", None))
    ]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))

    def stored(database: Database, *ids: str, bundle: str = "alpha", **settings: Any) -> dict[str, Any]:
        guarded = type("Guarded", (Manager,), {})
        guard_dag_ids(guarded, Settings("https://o.example", "https://o.example/keys", **settings))
        dags = [{"data": {"dag": {"dag_id": each}}, "last_loaded": None} for each in ids]
        warnings = [{"dag_id": each, "message": "m"} for each in (*ids, "beta_daily")]
        result = DagFileParsingResult(fileloc="/f.py", serialized_dags=dags, warnings=warnings)
        manager = guarded()
        manager.persist_parsing_result(
            bundle_name=bundle, parsing_result=result, session=database, relative_fileloc="f.py"
        )
        return manager.stored

    return stored


def test_ids_of_the_own_project_are_stored(store) -> None:
    kept = store(Database(alpha_x="alpha", report="alpha-two"), "alpha_x", "report", "new")
    assert kept["dags"] == ["alpha_x", "report", "new"] and not kept["errors"]


@pytest.mark.parametrize("holder", ["beta", "common", "removed"])
def test_ids_of_another_bundle_are_refused_and_the_others_are_stored(store, holder: str) -> None:
    kept = store(Database(report=holder), "report", "alpha_x")
    assert kept["dags"] == ["alpha_x"]
    assert "expected an id that no other project uses, got 'report'" in kept["errors"]["f.py"]
    assert holder not in kept["errors"]["f.py"]


def test_ids_with_another_projects_prefix_are_refused(store) -> None:
    assert store(Database(), "beta_x", "common_x")["dags"] == []
    assert store(Database(), "alpha_x", bundle="common")["dags"] == []


def test_ids_without_the_own_prefix_are_refused_if_configured(store) -> None:
    assert store(Database(), "report", "alpha_x", dag_ids="prefixed")["dags"] == ["alpha_x"]


def test_ids_of_a_renamed_bundle_are_stored(store) -> None:
    assert store(Database(report="old"), "report", renamed_bundles={"old": "alpha"})["dags"] == ["report"]
    assert store(Database(report="old"), "report", renamed_bundles={"old": None})["dags"] == ["report"]
    assert store(Database(report="old"), "report", renamed_bundles={"old": "beta"})["dags"] == []


def test_warnings_of_foreign_dags_are_dropped(store) -> None:
    assert [each["dag_id"] for each in store(Database(), "alpha_x")["warnings"]] == ["alpha_x"]
