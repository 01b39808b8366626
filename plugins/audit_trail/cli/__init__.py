"""The command line, `audit-trail`."""
