"""A session of the published ModelOps client, unchanged. Prints its results as one JSON object on the last line."""

import json
import os
import sys

from requests.exceptions import HTTPError
from tmo import TmoClient

ALPHA = "11111111-1111-4111-8111-111111111111"
BETA = "22222222-2222-4222-8222-222222222222"


def denial(call):
    """The reason why a call is denied; None when it succeeds."""
    try:
        call()
    except HTTPError as error:
        return json.loads(str(error).removeprefix("Error message: "))["reason"]
    return None


def connection(client, name, personal):
    return client.dataset_connections().save(
        name=name,
        description="from the published client",
        host="vantage.example",
        database="db",
        username=os.environ["SECRET_USERNAME"],
        password=os.environ["SECRET_PASSWORD"],
        val_db="VAL",
        byom_db="MLDB",
        personal=personal,
    )


def as_member(client):
    """What somebody of project alpha does."""
    result = {"projects": [project["name"] for project in client.projects()]}
    client.set_project_id(ALPHA)
    result["current"] = client.projects().find_by_id(ALPHA, "expandProject")["name"]
    result["archived"] = client.projects().is_archived(ALPHA)
    result["foreign"] = client.projects().find_by_id(BETA)
    result["found"] = [p["name"] for p in client.projects().find_by_name_like("alph")["_embedded"]["projects"]]
    result["may create projects"] = denial(lambda: client.projects().save({"name": "mine"}))

    made = connection(client, f"shared by {os.environ['WHO']}", False)
    own = connection(client, f"own of {os.environ['WHO']}", True)
    connections = client.dataset_connections()
    result["connection"] = connections.find_by_id(made["id"])
    result["names"] = [each["name"] for each in connections]
    result["paged"] = [each["name"] for each in connections.find_all(size=1, page=0)["_embedded"]["datasetConnections"]]
    result["validated"] = connections.validate(dict(made), encrypted_credentials=True)["valid"]
    result["taken"] = denial(lambda: connection(client, f"shared by {os.environ['WHO']}", False))
    result["unknown"] = connections.find_by_id("99999999-9999-4999-8999-999999999999")

    client.post_request(
        "/api/userAttributes",
        client.user_attributes()._get_header_params(),
        {},
        {"name": "DEFAULT_CONNECTION", "value": {"defaultDatasetConnectionId": own["id"]}},
    )
    result["default is own"] = client.user_attributes().get_default_connection()["id"] == own["id"]
    result["ids"] = {"shared": made["id"], "own": own["id"]}
    return result


def as_service(client):
    """What the service user does: projects, too."""
    project = client.projects().save({"name": "made by the client", "groups": ["project-beta"]})
    client.set_project_id(project["id"])
    project["description"] = "changed by the client"
    changed = client.projects().update(project)
    archived = client.projects().archive(project["id"])["archived"]
    listed = client.projects().find_by_archived(True)["_embedded"]["projects"]
    unarchived = client.projects().unarchive(project["id"])["archived"]
    return {
        "description": changed["description"],
        "archived": [archived, [each["name"] for each in listed], unarchived],
        "projects": [each["name"] for each in client.projects()],
    }


result = as_service(TmoClient()) if sys.argv[1] == "service" else as_member(TmoClient())
print(json.dumps(result))
