"""The memory that `day_scanner.py` gives and `day_kernel.py` uses."""

from __future__ import annotations

NO_TIME = -(1 << 62)
FOUND_LONGS = 4
"""Of where a field's or a pattern's text is."""
PARTS = 4
"""Of a time that is being read."""

MAX_RUNS = 1024
DONE, ASKS, FULL = 0, 1, 2

# Places in `state`: which record is next or asked about, and the answer, ...
AT, RECORD_END, ANSWERED, ANSWER = 0, 1, 2, 3
# ... what is selected, ...
DAY_US, SELECTING, SELECTED_BYTES, START_BYTES, RUNS = 4, 5, 6, 7, 8
# ... what is known of times, ...
TIME_SEEN, FIRST_US, LAST_US = 9, 10, 11
# ... and the text of the last time in this block: neighbours mostly share it.
KNOWN_START, KNOWN_END, KNOWN_TIME = 12, 13, 14
FOUND = 16
TIME_PARTS = FOUND + FOUND_LONGS
STATE_LONGS = TIME_PARTS + PARTS

DAY_LENGTH_US = 86400 * 10**6
