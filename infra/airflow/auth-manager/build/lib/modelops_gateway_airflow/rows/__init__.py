"""Which rows of Airflow's database belong to a project, and the filter that keeps others out of every query."""
