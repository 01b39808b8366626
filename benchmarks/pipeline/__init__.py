"""From raw logs to a verified seal: our command line beside a script of well-known tools."""
