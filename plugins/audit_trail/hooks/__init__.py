"""What Airflow keeps for us. Imports airflow."""
