"""How long Airflow's processes wait for their turn to write to SQLite, which has one writer at a time.

Airflow's API server writes down what an operator asks for in its event loop, and holds it up
until it may write. A task that reports its state to the same server at that moment has the turn, and
needs the loop to give it back (Airflow 3.3.2). So both stand still until the API server gives up: then
the operator is refused, and everything goes on. All others wait for longer, as they end for good when
they give up.
"""

from __future__ import annotations

import sys

API_SERVER_WAIT_S = 10
OTHERS_WAIT_S = 60

CONNECT_ARGS: dict[str, object] = {
    "timeout": API_SERVER_WAIT_S if "api-server" in sys.argv else OTHERS_WAIT_S,
}
"""For `[database] sql_alchemy_connect_args`; Airflow adds to it."""
