"""The DAGs that Airflow's Python client lists, printed as JSON. Arguments: base URL, and a project or nothing."""

import json
import os
import sys

import airflow_client.client as airflow

configuration = airflow.Configuration(host=sys.argv[1], access_token=os.environ["AIRFLOW_TOKEN"])
with airflow.ApiClient(configuration) as client:
    if len(sys.argv) > 2:
        client.set_default_header("AOA-Project-ID", sys.argv[2])
    try:
        listed = airflow.DAGApi(client).get_dags()
        print(json.dumps(sorted(dag.dag_id for dag in listed.dags)))
    except airflow.ApiException as error:
        print(json.dumps({"status": error.status, "body": error.body}))
