from audit_trail.plugin import AuditTrailPlugin  # noqa: D100, F401 - the one file Airflow executes, and it does so twice
