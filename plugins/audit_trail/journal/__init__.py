"""The writing side: what an application calls to leave an audit record."""
