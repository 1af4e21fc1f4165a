"""Plug-ins for MLflow's client: the project of every request, and a token that never expires in its hands."""
