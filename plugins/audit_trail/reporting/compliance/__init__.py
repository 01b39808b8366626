"""What an archive keeps to, measured from its ledger, its bucket and its account."""
