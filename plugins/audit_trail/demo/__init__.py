"""The embedded store, sample logs and Airflow home that `demo` and `up` use."""
