"""The stages of a day, one file each, and the processor that runs them in order."""
