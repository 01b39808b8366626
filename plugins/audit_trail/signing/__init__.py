"""Keys, signatures, and which keys are believed when."""
