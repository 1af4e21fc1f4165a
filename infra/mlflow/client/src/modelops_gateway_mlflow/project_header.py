"""Names the project of every request."""

from __future__ import annotations

import os
import re

from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider

from .errors import ModelopsAuthError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


class ProjectHeaderProvider(RequestHeaderProvider):
    """Sends ``AOA-Project-ID`` from MODELOPS_PROJECT. The gateway judges it; a header by itself opens nothing."""

    def in_context(self) -> bool:
        return bool(os.environ.get("MODELOPS_PROJECT"))

    def request_headers(self) -> dict[str, str]:
        """Raises ModelopsAuthError for what is no UUID; MLflow logs that and goes on without the header."""
        project = os.environ.get("MODELOPS_PROJECT", "")
        if not _UUID.match(project):
            raise ModelopsAuthError(f'MODELOPS_PROJECT: expected the UUID of a project, got "{project}"')
        return {"AOA-Project-ID": project.lower()}
