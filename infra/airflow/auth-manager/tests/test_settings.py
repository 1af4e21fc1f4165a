"""The configuration section: every option changes something, every fault is named."""

from __future__ import annotations

import pytest

from modelops_gateway_airflow.settings import load_settings

ISSUER = "https://o.example"


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch):
    def set_options(**options: str) -> None:
        for name, value in {"ISSUER": ISSUER, **options}.items():
            section = "CORE" if name == "MULTI_TEAM" else "MODELOPS_GATEWAY"
            monkeypatch.setenv(f"AIRFLOW__{section}__{name}", value)

    return set_options


def test_reads_the_defaults(configure) -> None:
    configure()
    settings = load_settings()
    assert settings.jwks_url == "https://o.example/auth/jwks.json"
    assert (settings.audience, settings.project_by, settings.project_key) == ("airflow", "tag", "id")
    assert (settings.tag_prefix, settings.leeway_seconds) == ("project:", 5)


def test_ties_dags_to_projects_by_team_where_airflow_has_teams(configure) -> None:
    configure(MULTI_TEAM="True")
    assert load_settings().project_by == "team"


def test_every_option_is_read(configure) -> None:
    configure(
        JWKS_URL="http://gateway:4180/auth/jwks.json", AUDIENCE="flows", PROJECT_BY="tag", PROJECT_KEY="id",
        TAG_PREFIX="tenant=", LEEWAY_SECONDS="0", REQUEST_SECRET="s" * 32, DAG_IDS="prefixed", NAMES="free",
        RENAMED_BUNDLES='{"old": "new", "dags": null}',
    )  # fmt: skip
    settings = load_settings()
    assert settings.jwks_url == "http://gateway:4180/auth/jwks.json"
    assert (settings.audience, settings.project_key) == ("flows", "id")
    assert (settings.tag_prefix, settings.leeway_seconds) == ("tenant=", 0)
    assert (settings.dag_ids, settings.names, settings.request_secret) == ("prefixed", "free", "s" * 32)
    assert settings.renamed_bundles == {"old": "new", "dags": None}


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("ISSUER", "", "issuer: expected an http or https URL, got ''"),
        ("ISSUER", "https://o.example/", "issuer: expected the gateway's origin without a path"),
        ("ISSUER", "https://o.example/airflow", "issuer: expected the gateway's origin without a path"),
        ("JWKS_URL", "file:///etc/keys", "jwks_url: expected an http or https URL"),
        ("PROJECT_BY", "folder", "project_by: expected one of team, tag, got 'folder'"),
        ("PROJECT_BY", "team", "project_by: expected [core] multi_team = True"),
        ("PROJECT_KEY", "slug", "project_key: expected one of name, id, got 'slug'"),
        ("TAG_PREFIX", "", "tag_prefix: expected at least one character"),
        ("LEEWAY_SECONDS", "-1", "leeway_seconds: expected whole seconds from 0 to 60"),
        ("LEEWAY_SECONDS", "3600", "leeway_seconds: expected whole seconds from 0 to 60"),
        ("REQUEST_SECRET", "hunter2", "request_secret: expected at least 32 characters, got 7"),
        ("DAG_IDS", "any", "dag_ids: expected one of own, prefixed, got 'any'"),
        ("NAMES", "any", "names: expected one of prefixed, free, got 'any'"),
        ("RENAMED_BUNDLES", "old=new", "renamed_bundles: expected a JSON object of names"),
        ("RENAMED_BUNDLES", '{"old": 1}', "renamed_bundles: expected a JSON object of names"),
    ],
)
def test_names_the_option_that_is_wrong(configure, option: str, value: str, words: str) -> None:
    configure(**{option: value})
    with pytest.raises(ValueError) as fault:
        load_settings()
    assert words in str(fault.value)
