"""The page "Audit trail" inside Airflow's UI."""
