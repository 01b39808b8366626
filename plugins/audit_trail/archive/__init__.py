"""The object store: put once, locked, listed; and the ledger in it."""
