"""`python -m audit_trail`."""

from __future__ import annotations

import sys

# Airflow's plugin loader may execute this file outside the package; do nothing then.
if __name__ == "__main__" and __package__ == "audit_trail":
    from audit_trail.cli.program import run

    sys.exit(run())
