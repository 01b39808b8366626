"""How long Airflow's processes wait for their turn to write to SQLite, which has one writer at a time.

The operators' API server writes down what is asked for in its event loop, and holds the loop up until
it may write. Another request to the same server that has the turn at that moment needs the loop to give
it back (Airflow 3.3.2). So both stand still until the API server gives up: then the operator is refused,
and everything goes on. Tasks report to a server of their own (`whole_airflow.py`), so that it takes two
operators. All others wait for longer, as they end for good when they give up.
"""

from __future__ import annotations

import sys

OPERATORS_WAIT_S = 10
OTHERS_WAIT_S = 60
_FOR_OPERATORS = "api-server" in sys.argv and "execution" not in sys.argv

CONNECT_ARGS: dict[str, object] = {"timeout": OPERATORS_WAIT_S if _FOR_OPERATORS else OTHERS_WAIT_S}
"""For `[database] sql_alchemy_connect_args`; Airflow adds to it."""
