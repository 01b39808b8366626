"""Pure formats: what is signed, hashed and named. No I/O."""
