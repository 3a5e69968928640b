"""The services of a camera as zeep objects, made of the WSDL files that onvif-zeep brings along."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import onvif
import zeep
from onvif.definition import SERVICES
from zeep.wsa import WsAddressingPlugin

from camerad.onvif_transport import LimitedTransport

_EVENTS_NS: Final = "http://www.onvif.org/ver10/events/wsdl"
_MORE_SERVICES: Final = {
    "subscription": {
        "ns": _EVENTS_NS,
        "wsdl": "events.wsdl",
        "binding": "SubscriptionManagerBinding",
    },
}
"""Such as the library's table leaves out."""
# the package puts its WSDL files beside itself, not inside
_WSDL_DIR: Final = Path(onvif.__file__).parent.parent / "wsdl"


@cache
def _document(wsdl: str) -> Any:
    """A WSDL file, read once: a tenth of a second of work for some."""
    settings = zeep.Settings(strict=False, forbid_dtd=True, force_https=False)
    files = zeep.Transport()  # type: ignore[no-untyped-call]
    return zeep.wsdl.Document(wsdl, files, settings=settings)  # type: ignore[arg-type]


def service(
    name: str, address: str, transport: LimitedTransport, *, raw: bool
) -> onvif.ONVIFService:
    """The service of this name at this address. `raw`: its calls return the HTTP answer as it came,
    faults too."""
    definition = SERVICES.get(name) or _MORE_SERVICES[name]
    wsdl = str(_WSDL_DIR / definition["wsdl"])
    settings = zeep.Settings(strict=False, forbid_dtd=True, force_https=False, raw_response=raw)
    client = zeep.Client(  # type: ignore[no-untyped-call]
        _document(wsdl),
        transport=transport,
        settings=settings,
        # its WSDL does not say so, but some makes keep all subscriptions at one address
        plugins=[WsAddressingPlugin()] if name in _MORE_SERVICES else [],
    )
    return onvif.ONVIFService(
        address,
        "",
        "",
        wsdl,
        zeep_client=client,
        binding_name=f"{{{definition['ns']}}}{definition['binding']}",
    )
