"""The word for a password where it is not written in ASCII."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.text import DONE, SQL_PASSWORD, holds, packed


def _word(text: str) -> tuple[int, int, int]:
    """Bytes of a word, and the last fourteen of them as two numbers for `holds`."""
    last = text.encode()[-14:]
    return len(text.encode()), packed(last[:-7]), packed(last[-7:])


# Without the first letter where that may be a capital.
_WORDS = tuple(
    _word(text)
    for text in (
        *("ontraseña", "asło", "ароль", "арола", "озинка", "ösenord", "şifre", "Şifre"),
        *("密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호", "รหัสผ่าน", "סיסמה"),
    )
    if not text.isascii()
)


@compiled
def foreign_password(t: Any, end: int) -> int:
    """Bytes of the word before `end` when it means password, or 0."""
    if t.detectors[SQL_PASSWORD] < 0:
        return 0
    for size, first, last in _WORDS:
        begin = end - min(size, 14)
        if begin >= t.state[DONE] and holds(t, begin, first) and holds(t, max(begin, end - 7), last):
            return size
    return 0
