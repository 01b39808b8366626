"""Where the bytes of Python's buffers are, for compiled code that takes addresses."""

from __future__ import annotations

import ctypes
from array import array
from typing import Any


class _Buffer(ctypes.Structure):
    """`Py_buffer` of Python's stable ABI (PEP 3118)."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )


_get, _release = ctypes.pythonapi.PyObject_GetBuffer, ctypes.pythonapi.PyBuffer_Release
_get.argtypes = (ctypes.py_object, ctypes.c_void_p, ctypes.c_int)
_release.argtypes, _release.restype = (ctypes.c_void_p,), None


def address(buffer: bytes | bytearray | memoryview | array[int]) -> int:
    """Where a buffer's bytes are; the caller keeps the buffer alive, and does not resize it.

    numpy says the same for the price of its import, which is longer than
    redacting 20 MB.
    """
    view = _Buffer()
    _get(buffer, ctypes.addressof(view), 0)
    found = int(view.buf or 0)
    _release(ctypes.addressof(view))
    return found


def numbers(kind: str, count: int, value: int = 0) -> array[Any]:
    """As many numbers of a kind of `array` (`B` for bytes, `i` for int32, `q` for int64), all the same."""
    return array(kind, [value]) * count
