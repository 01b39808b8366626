"""The Airflow operators: thin wrappers around the stages."""
