"""What the web application counts about itself. No figure here is about a person."""

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge


class Counters:
    """Registers the figures on the registry it is given; one per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "lianfang_http_requests",
            "Requests answered, by route and status",
            ["method", "route", "status"],
            registry=registry,
        )
        self.sign_ins = Counter(
            "lianfang_sign_ins",
            "Tries to sign in: good, failed, held-back",
            ["result"],
            registry=registry,
        )
        self.streams = Gauge(
            "lianfang_streams", "Consoles that follow the event stream", registry=registry
        )
        self.streams_dropped = Counter(
            "lianfang_streams_dropped",
            "Streams cut because the other side did not take what was sent",
            registry=registry,
        )
        self.live_views = Gauge("lianfang_live_views", "Live views now", registry=registry)
        self.live_refused = Counter(
            "lianfang_live_views_refused",
            "Live views refused because there were as many as may be",
            registry=registry,
        )
        self.resyncs = Counter(
            "lianfang_stream_resyncs",
            "Times a console had missed so much that it was told to fetch everything again",
            registry=registry,
        )


COUNTERS: web.AppKey[Counters] = web.AppKey("counters", Counters)
