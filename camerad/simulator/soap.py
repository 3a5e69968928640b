"""SOAP 1.2 as ONVIF devices speak it: reading a request, checking its login, answers and faults.

Pure: text in, text out. Which answers there are is in `onvif_device`.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "#PasswordDigest"
_NAMESPACES = (
    ("env", _SOAP),
    ("tds", "http://www.onvif.org/ver10/device/wsdl"),
    ("trt", "http://www.onvif.org/ver10/media/wsdl"),
    ("tev", "http://www.onvif.org/ver10/events/wsdl"),
    ("tptz", "http://www.onvif.org/ver20/ptz/wsdl"),
    ("tt", "http://www.onvif.org/ver10/schema"),
    ("wsa", "http://www.w3.org/2005/08/addressing"),
    ("wsnt", "http://docs.oasis-open.org/wsn/b-2"),
    ("wsrf-rw", "http://docs.oasis-open.org/wsrf/rw-2"),
    ("ter", "http://www.onvif.org/ver10/error"),
)


class NotSoap(ValueError):
    """What was sent is not a SOAP request."""


class Refused(Exception):
    """A call is answered with a fault."""

    def __init__(self, code: str, subcode: str, reason: str) -> None:
        """As `fault`."""
        super().__init__(reason)
        self.code, self.subcode, self.reason = code, subcode, reason


@dataclass(frozen=True)
class Request:
    """One call: `action` is the local name of the first element of the body."""

    action: str
    body: Element
    header: Element | None

    def text(self, name: str) -> str:
        """The text of the first element of this local name below the body, or empty."""
        found = next((e for e in self.body.iter() if _local(e.tag) == name), None)
        return (found.text or "").strip() if found is not None else ""


def parse(data: bytes) -> Request:
    """Read a request; raises NotSoap."""
    try:
        root = defusedxml.ElementTree.fromstring(data)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise NotSoap("not well-formed XML") from error
    body = root.find(f"{{{_SOAP}}}Body")
    if body is None or len(body) == 0:
        raise NotSoap("no SOAP body")
    return Request(_local(body[0].tag), body[0], root.find(f"{{{_SOAP}}}Header"))


def login_holds(
    request: Request, *, username: str, password: str, now: datetime, tolerance: timedelta
) -> bool:
    """Whether the request carries a fresh WS-UsernameToken digest for this login."""
    if request.header is None:
        return False
    token = request.header.find(f"{{{_WSSE}}}Security/{{{_WSSE}}}UsernameToken")
    if token is None:
        return False
    said = token.findtext(f"{{{_WSSE}}}Username") or ""
    secret = token.find(f"{{{_WSSE}}}Password")
    nonce_text = token.findtext(f"{{{_WSSE}}}Nonce") or ""
    created_text = (token.findtext(f"{{{_WSU}}}Created") or "").strip()
    if secret is None or not secret.get("Type", "").endswith(_DIGEST):
        return False
    try:
        nonce = base64.b64decode(nonce_text, validate=True)
        created = datetime.fromisoformat(created_text)
    except (binascii.Error, ValueError):
        return False
    created = created if created.tzinfo else created.replace(tzinfo=UTC)
    whole = hashlib.sha1(nonce + created_text.encode() + password.encode(), usedforsecurity=False)
    right = base64.b64encode(whole.digest()).decode()
    return (
        hmac.compare_digest(said.encode(), username.encode())
        and hmac.compare_digest((secret.text or "").strip().encode(), right.encode())
        and abs(now - created) <= tolerance
    )


def answer(body: str) -> str:
    """An envelope around the body of an answer, which is XML with ONVIF's usual prefixes."""
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope {spaces}>'
        f"<env:Body>{body}</env:Body></env:Envelope>"
    )


def fault(code: str, subcode: str, reason: str) -> str:
    """An envelope with a fault; `code` is Sender or Receiver, `subcode` like ter:NotAuthorized."""
    return answer(
        f"<env:Fault><env:Code><env:Value>env:{code}</env:Value>"
        f"<env:Subcode><env:Value>{subcode}</env:Value></env:Subcode></env:Code>"
        f'<env:Reason><env:Text xml:lang="en">{escape(reason)}</env:Text></env:Reason></env:Fault>'
    )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
