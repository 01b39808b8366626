"""What the services of `docker-compose.yaml` run besides Airflow itself."""
