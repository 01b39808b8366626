"""Known attacks on sealed logs, played on a real store, and what detects each of them."""
