"""The scanner: byte loops compiled to machine code.

Nothing here knows policies, files or Python objects. `scan` finds what is to
be replaced and writes spans, `assemble` makes the output from them. The
functions are plain Python over indexable memory, so with NUMBA_DISABLE_JIT=1
they run interpreted, on buffers that check every index: that is how the tests
hold them against reading out of bounds.

All but `layout.py` is imported only where it has to be compiled: it imports numba.
"""
