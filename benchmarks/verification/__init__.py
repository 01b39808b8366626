"""How long it takes to verify an archive of years, and its content."""
