"""What the triggerer runs while a task waits. Imports airflow."""
