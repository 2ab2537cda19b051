"""What the DAGs do with Airflow; imported when a task runs, never while a DAG file is parsed."""
