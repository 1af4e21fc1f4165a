"""The boundary between projects for DAG code: ids of DAGs when files are parsed, the execution API when tasks run."""
