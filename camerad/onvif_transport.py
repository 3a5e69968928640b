"""HTTP to a camera as zeep wants it: bounded in time and size, and nothing but plain XML comes in.

What is said over it, and what of the login goes into the envelope, is `onvif_soap`'s.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
import urllib3
import zeep
from defusedxml.common import DefusedXmlException
from requests import RequestException
from zeep.exceptions import TransportError

from camerad.errors import CameraTalksNonsense, CameraUnreachable

ANSWER_LIMIT: Final = 2 * 1024 * 1024
_CHUNK: Final = 64 * 1024


class WantsHttpDigestError(Exception):
    """The camera wants the login in HTTP, not in the SOAP envelope."""


@dataclass(frozen=True)
class HttpAnswer:
    """What zeep reads of an HTTP answer."""

    status_code: int
    content: bytes
    headers: dict[str, str]
    encoding: str | None


class LimitedTransport(zeep.Transport):
    """HTTP to a camera: bounded in time over the conversation, and in size for each answer."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            timeout=timeout_s, operation_timeout=timeout_s
        )
        self.restart(timeout_s)
        # cameras are on our own network and carry certificates nobody signed
        self.session.trust_env = False
        self.session.verify = False
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def restart(self, timeout_s: float) -> None:
        """From here on a conversation may take this long."""
        self._deadline_s = time.monotonic() + timeout_s

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> HttpAnswer:
        """Raises CameraUnreachable, CameraTalksNonsense, TransportError, WantsHttpDigestError."""
        try:
            with self.session.post(
                address,
                data=message,
                headers=headers,
                timeout=self._left_s(),
                stream=True,
                allow_redirects=False,
            ) as response:
                content = b"".join(self._chunks(response))
        except (RequestException, urllib3.exceptions.HTTPError) as failed:
            raise CameraUnreachable(
                f"摄像机在其 ONVIF 地址上没有应答（{type(failed).__name__}）。 / "
                f"The camera does not answer at its ONVIF address ({type(failed).__name__})."
            ) from failed
        challenge = response.headers.get("WWW-Authenticate", "")
        if response.status_code == 401 and challenge.lower().startswith("digest"):
            raise WantsHttpDigestError
        if response.status_code in (401, 403):
            raise TransportError(  # type: ignore[no-untyped-call]
                "no entry", status_code=response.status_code
            )
        _check_xml(content)
        return HttpAnswer(response.status_code, content, dict(response.headers), response.encoding)

    def _chunks(self, response: Any) -> Iterator[bytes]:
        size = 0
        # read1 returns what is there, so that an answer that drips is met by the deadline
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > ANSWER_LIMIT:
                raise CameraTalksNonsense(
                    "摄像机的应答过大。 / The camera's answer is far too large."
                )
            self._left_s()
            yield chunk

    def _left_s(self) -> float:
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise CameraUnreachable("摄像机应答过慢。 / The camera takes too long to answer.")
        return left_s


def _check_xml(content: bytes) -> None:
    """zeep parses leniently; what is not even XML, or brings a DTD along, ends here."""
    try:
        defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as odd:
        raise CameraTalksNonsense(
            "该 ONVIF 地址上的应答不是 SOAP。 / "
            "What answers at the ONVIF address does not speak SOAP."
        ) from odd
