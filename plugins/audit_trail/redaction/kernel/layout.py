"""What is where in the memory that the scanner and Python share, and what the numbers there mean.

Without numba: a process that finds the scanner compiled needs no more of it.
"""

from __future__ import annotations

FIELDS = {
    "data": "bytes",  # the bytes to look at
    "size": "int64",  # how many
    "classes": "bytes",  # uint8[256], bits below
    "codes": "bytes",  # uint8[256]: letters 0-25, digits 26-35, separators of key words 36, else 37
    "tails": "bytes",  # uint8[37**3 // 8 + 1]: one bit per three last letters that a key may have
    "trie": "ints",  # int32[nodes * NODE_INTS]: key words, last letter first
    "words": "ints",  # int32[nodes * NODE_INTS]: words of prose, first letter first
    "starts": "bytes",  # uint8[8192]: one bit per pair of bytes that a shape may begin with
    "lists": "ints",  # int32[65536]: where in `candidates` the shapes of that pair begin
    "candidates": "ints",  # shape numbers, each list ended by -1
    "shapes": "ints",  # int32[shapes * SHAPE_INTS]
    "items": "ints",  # int32[items * 3]: mask number, at least, at most
    "masks": "bytes",  # uint8[masks * 256]
    "rules": "ints",  # int32[rules]: flags below
    "detectors": "ints",  # int32[DETECTORS]: rule of each built-in detector, or -1
    "broad": "ints",  # int32[256]: how long a word before this byte must be for `candidates[0:]` to be tried
    "leads": "longs",  # int64[shapes * 2]: which bits of its first bytes every match of a shape has, and how
    "heads": "bytes",  # uint8[HEADS // 8]: one bit per hash of four bytes that a shape may begin with
    "ends": "bytes",  # uint8[ENDS // 8]: one bit per hash of a known key's last five codes, last first
    "lasts": "bytes",  # uint8[256]: the codes of the last byte of a key; see `window.may_end_key`
    "memo": "longs",  # int64[shapes * 2]: a run in which a shape is known to fail
    "spans": "ints",  # int32[room * SPAN_INTS], written
    "state": "longs",  # int64[STATE], read and written
}
SIZE_PLACE = list(FIELDS).index("size")

# Bits of `classes`.
WORD = 1  # letters, digits, underscore
DIGIT = 2
LETTER = 4
LOCAL = 8  # of an e-mail's local part
DOMAIN = 16  # of a host name
BARE = 32  # of an unquoted value
MARK = 64  # not of a word, and something may hang on it
HEX = 128

# Longer names are not looked through.
MAX_NAME = 64

# A node: 36 children, then what ends here.
NODE_INTS = 40
STRONG, WEAK, PARAMETER, FLAGS = 36, 37, 38, 39  # the first three hold a rule + 1
HARMLESS, ENDING, BEGINNING, PAIR_NAME, PAIR_VALUE, IDENTIFIER = 1, 2, 4, 8, 16, 32
NAMES_CARD, FILLER, PART = 64, 128, 256
# Flags of `words`.
PROSE, FILE_ENDING, SCHEME_OF_TOKEN, SCHEME_OF_PARAMETERS, NOTHING, MASKED = 1, 2, 8, 16, 64, 128
PACKAGE, COMPLAINT, DESCRIPTION, UNIT = 256, 512, 1024, 2048
STATUS, VERDICT, VERB, SENTENCE, USAGE = 4096, 8192, 16384, 32768, 65536
# Commands by the option that a password follows, in the order of `word_lists.COMMANDS`.
TAKES_P, TAKES_CAPITAL_P, TAKES_W, TAKES_K, TAKES_A, TAKES_C, TAKES_B = (1 << bit for bit in range(17, 24))
TAKES_P_ATTACHED, TAKES_USER = 1 << 24, 1 << 25

# A shape: kind, rule, first item, items, first unlimited item, bytes before it at most.
# Of a word, the third is its letters from the third to the sixth, packed.
SHAPE_INTS = 6
LINEAR, IBAN, SCHEME, IDENTIFIED_BY, SAID, QUOTED_AFTER = 0, 1, 2, 3, 4, 5
COMMAND, PROTOCOL, DIRECTIVE, ONE_TIME, SAID_FOR, KEY_TYPE, INSERT, HEXADECIMAL = 6, 7, 8, 9, 10, 11, 12, 13

# Flags of a rule.
KEEPS, AUTHORIZATION, COOKIE, PASSWORD, PHONE, PHRASE, PIN = 1, 2, 4, 8, 16, 32, 64
SECRET, CARD_NUMBER, SSN_NUMBER, IBAN_NUMBER, BASIC_PAIR = 128, 256, 512, 1024, 2048

# Places in `detectors`.
EMAIL, TELEPHONE, CARD, SSN, USERINFO, PRIVATE_KEY, SQL_PASSWORD = 0, 1, 2, 3, 4, 5, 6
DETECTORS = 7

# Bytes of a window, which are looked at together.
WIDTH = 64

# A span: start, end, rule, quote (kind + 8 * backslashes), number of its replacement.
SPAN_INTS = 5
NO_QUOTE, DOUBLE_QUOTE, SINGLE_QUOTE, UNICODE_QUOTE, ENTITY_QUOTE, PERCENT_QUOTE = 0, 1, 2, 3, 4, 5
HEX_QUOTE, BACKTICK_QUOTE = 6, 7

# Places in `state`.
DONE = 0  # end of what was replaced last: nothing before it is looked at again
COUNT = 1  # spans written
ROOM = 2  # spans that fit
STRING_KNOWN_TO = 3
IN_STRING = 4
LINE = 5  # where this line begins
PEM_LINES = 6  # lines in which the body of a private key may still follow
PEM_BODY = 7  # 1 when the line before was part of it
PEM_START = 8  # where in this line the body begins, -1 when nowhere
PEM_COLUMN = 9  # how far from the beginning of its line the key's last part stood
POSITION = 10  # where the room for spans ran out
QUERY = 11  # the mark before the key whose value is being looked at
WASTED = 12  # bytes of this line looked at in vain, see `may_look`
KEY = 13  # where that key begins
STATE = 14

TAB, NEWLINE, RETURN, SPACE = 9, 10, 13, 32
QUOTE, HASH, DOLLAR, PERCENT, AMPERSAND, APOSTROPHE, OPEN, CLOSE = 34, 35, 36, 37, 38, 39, 40, 41
STAR, PLUS, COMMA, MINUS, DOT, SLASH, ZERO, NINE, COLON, SEMICOLON = 42, 43, 44, 45, 46, 47, 48, 57, 58, 59
LESS, EQUALS, GREATER, QUESTION, AT = 60, 61, 62, 63, 64
BRACKET, BACKSLASH, BRACKET_END, UNDERSCORE = 91, 92, 93, 95
CARET, BACKTICK = 94, 96
WIDE, WIDE_SECOND = 0xEF, 0xBC  # the first bytes of a full-width colon
LOWER_C, LOWER_D, LOWER_L, LOWER_M, LOWER_N, LOWER_R, LOWER_T, LOWER_U = 99, 100, 108, 109, 110, 114, 116, 117
BRACE, PIPE, BRACE_END = 123, 124, 125
TILDE, BANG = 126, 33

# Bytes of the quotes by kind: none, ", ', \u0022, &quot;, %22, \x22, `.
_QUOTES = (b"", b'"', b"'", b"\\u0022", b"&quot;", b"%22", b"\\x22", b"`")
QUOTE_BYTES = b"".join(quote.ljust(8, b"\0") for quote in _QUOTES)
QUOTE_SIZES = bytes(len(quote) for quote in _QUOTES)

# The bit of `Text.ends` for a number made of five codes of six bits, and of `Text.heads` for four
# bytes with the bits of `HEAD_FOLD` set, which makes letters lower case.
HASH_FACTOR = 2654435761
ENDS, ENDS_SHIFT, CODE_BITS = 1 << 22, 30, 6
HEADS, HEADS_SHIFT, HEAD_FOLD = 1 << 21, 32, 0x20202020
# Of `Text.leads`.
LEAD_BYTES = 7
# In `Text.lasts`: the codes of letters and digits; else what stands before decides, or no key ends so;
# added where one letter is a key.
LOOK, NO_END, SINGLE = 37, 36, 64
FIRST_DIGIT, LAST_DIGIT, SEPARATOR = 26, 35, 36


def packed(word: bytes) -> int:
    """Up to seven lower case bytes as one number, for `holds`."""
    return int.from_bytes(word, "little")
