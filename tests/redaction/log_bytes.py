"""Bytes as a log might hold them: fragments of secrets, marks and keys glued together."""

from __future__ import annotations

from hypothesis import strategies as st

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
BEGIN_KEY, END_KEY = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"

KEYS = [
    "password", "token", "Cookie", "Set-Cookie", "Authorization", "api_key", "--secret ", "clientSecret",
    "phone", "name", "value", "pass", "sig", "trace_id", "has_password", "-u ", "curl -u ", "mysql -p",
    "IDENTIFIED BY ", "Message-ID: <", "mnemonic", "old", "n",
    "contraseña", "пароль", "密码", "password[0]", "password.1", "-Dp", "net user bob ", "AUTH ", "SET ",
    "password is ", "password for bob", "your code is ", "VALUES (", "a1=", "kty", "ENV ", "sqlplus ",
]  # fmt: skip
WORDS = [
    "null", "true", "x", "u", "7", "bob", "Mon", "GMT", "[FILTERED]", "***", "string(6)", "thin:", "git@",
    "M=",
]  # fmt: skip
MARKS = [
    *"=: ,;&?\"'\\{}[]()<>/@.-+#%\t\x00\x1b~é", "\\n", '\\"', "\\\\", "\\u0026", "\\u0022", "\\u003d",
    "\\u003c", "\\u0070", "://", ":\\/\\/", "%40", "%3D", "%22", "%3A%2F%2F", "&quot;", "&lt;", "&gt;",
    "</", "<![CDATA[", "]]>", "->", "=>", "\x1b[36m", "\\u001b[0m", "\n", "\r\n", "\\r\\n",
    "`", "\uff1a", "\uff1d", "\\x22", "\\x3D", "\\x0a", "%B", "%2B", "%2522", "%20",
    "|", "^", "$", "!", "::", "=:", "!!str ",
]  # fmt: skip
VALUES = [
    "bob@example.com", "u:p@", "u:p@tcp(", "10.0.0.1", "4111111111111111", "4111 1111 1111 1111",
    "3782-822463-10005", "123-45-6789", "+14155552671", "(415) 555-2671", "06 12 34 56 78", JWT, "eyJ",
    "eyJhbGciOiJ", "GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32", "AKIAIOSFODNN7EXAMPLE", "ghp_",
    "a" * 36, "0123456789", "Bearer abcdef0123456789", "Basic dTpwYXNz", 'Digest a="b"', "Digest a=",
    "[REDACTED:password]", "[REDACTED:email:wxyz]", "[REDACTED:", "[REDACTED:password",
]  # fmt: skip
KEY_BLOCKS = [BEGIN_KEY, END_KEY, PEM_LINE, f"{BEGIN_KEY}\n{PEM_LINE}\n", f"\n{PEM_LINE}\n{END_KEY}\n"]

FRAGMENTS = st.sampled_from([*KEYS, *WORDS, *MARKS, *VALUES])


def _glued(fragments: st.SearchStrategy[str], longest: int) -> st.SearchStrategy[bytes]:
    joined = st.lists(fragments, max_size=longest).map("".join)
    return joined.map(lambda text: text.encode("utf-8", "surrogatepass"))


LOG_BYTES = st.one_of(
    _glued(FRAGMENTS, 14), _glued(st.one_of(FRAGMENTS, st.text(max_size=3)), 10), st.binary(max_size=200)
)
"""One or more records, valid or not, without private keys."""

RECORDS = LOG_BYTES.map(lambda data: data.replace(b"\n", b""))
"""One record."""

KEY_BYTES = st.one_of(
    _glued(st.one_of(st.sampled_from(KEY_BLOCKS), FRAGMENTS), 12),
    _glued(st.sampled_from([*KEY_BLOCKS, "\n", "\r\n", "INFO x: ", "AbC/+=", '"', "password=x\n"]), 16),
)
"""Records with private keys, whole and cut, over one line and over many."""
