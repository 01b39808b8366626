"""What is handed to others: the auditor's pack, and the report in it."""
