"""Digest logins (RFC 2617 without `qop`, as cameras' RTSP does it, and with it for HTTP).

Pure. MD5 is what the protocol says; nothing here protects more than a simulated camera.
"""

import hashlib
import hmac
import re

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


def challenge(realm: str, nonce: str, *, qop: bool = False) -> str:
    """The value of a WWW-Authenticate header."""
    return f'Digest realm="{realm}", nonce="{nonce}"' + (', qop="auth"' if qop else "")


def verified(
    header: str | None, *, method: str, username: str, password: str, realm: str, nonce: str
) -> bool:
    """Whether an Authorization header proves the password for this method and nonce."""
    if header is None or not header.lower().startswith("digest "):
        return False
    said = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(header[7:])}
    if said.get("username") != username or said.get("nonce") != nonce:
        return False
    secret = _md5(f"{username}:{realm}:{password}")
    request = _md5(f"{method}:{said.get('uri', '')}")
    if said.get("qop"):
        middle = f"{nonce}:{said.get('nc', '')}:{said.get('cnonce', '')}:{said['qop']}"
    else:
        middle = nonce
    return hmac.compare_digest(_md5(f"{secret}:{middle}:{request}"), said.get("response", ""))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
