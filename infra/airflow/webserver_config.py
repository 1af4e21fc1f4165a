"""FAB's configuration: Airflow signs in at the gateway's issuer, and groups become roles at each sign-in.

Goes with ``[core] auth_manager = modelops_gateway_airflow.fab.GatewayFabAuthManager`` and with
``airflow: { login: fab }`` on the gateway's route. Point ``[fab] config_file`` at this file.
"""

import json
import os
from typing import Any

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from flask_appbuilder.const import AUTH_OAUTH

ISSUER = os.environ["OIDC_ISSUER"]
GATEWAY = os.environ["GATEWAY_URL"]


class SharedIssuer(FabAirflowSecurityManagerOverride):
    """Reads the user from the verified ID token of any issuer (OIDC Core, section 2)."""

    def get_oauth_user_info(self, provider: str, resp: dict[str, Any]) -> dict[str, Any]:
        claims = resp["userinfo"]
        return {
            "username": claims["preferred_username"],
            "first_name": claims.get("given_name") or claims.get("name", ""),
            "last_name": claims.get("family_name", ""),
            "email": claims.get("email", ""),
            "role_keys": claims.get("groups", []),
        }


SECURITY_MANAGER_CLASS = SharedIssuer
AUTH_TYPE = AUTH_OAUTH
AUTH_USER_REGISTRATION = True
# For everybody who signs in; grants nothing by itself.
AUTH_USER_REGISTRATION_ROLE = "Public"
AUTH_ROLES_SYNC_AT_LOGIN = True
# Groups of projects. Each has a role of its own name, which `python -m modelops_gateway_airflow fab-roles` makes; Airflow's
# own roles (Viewer, User, Op) open the DAGs of all projects.
PROJECT_GROUPS = os.environ.get("AIRFLOW_PROJECT_GROUPS", "project-alpha,project-beta").split(",")
# Group to roles; as JSON in AIRFLOW_ROLES_MAPPING for roles of your own.
AUTH_ROLES_MAPPING = json.loads(os.environ.get("AIRFLOW_ROLES_MAPPING", "{}")) or {
    os.environ.get("AIRFLOW_ADMIN_GROUP", "modelops-admins"): ["Admin"],
    **{group: [group, "project-member"] for group in PROJECT_GROUPS},
}
OAUTH_PROVIDERS = [
    {
        "name": "keycloak",
        "icon": "fa-key",
        "token_key": "access_token",
        "remote_app": {
            "client_id": os.environ.get("OIDC_CLIENT_ID", "airflow"),
            "client_secret": os.environ["OIDC_CLIENT_SECRET"],
            "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
            "client_kwargs": {"scope": "openid email profile", "code_challenge_method": "S256"},
        },
    }
]
LOGOUT_REDIRECT_URL = f"{GATEWAY}/auth/logout"
# FAB's own cookie; Airflow's follows the scheme of the request.
SESSION_COOKIE_SECURE = GATEWAY.startswith("https:")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
