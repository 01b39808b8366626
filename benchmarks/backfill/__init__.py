"""How long a backfill takes, beside one of the same tasks that do nothing."""
