"""A panic button in plain Python and paho-mqtt: the reference sender of docs/buttons.md.

    pip install 'paho-mqtt>=2.1'
    LIANFANG_PASSWORD=… LIANFANG_KEY=… python button_sender.py --device dongcun-017-1

It presses once, repeats the same bytes until the duty room replies, says what a button must show,
and goes on listening. With --once it ends at the reply: 0 when the duty room has the press, 1 when
it refused it. Read it from the bottom up.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import queue
import secrets
import ssl
import sys
import time

import paho.mqtt.client as mqtt

FIRST_REPEAT_S, REPEAT_CAP_S, UNDELIVERED_AFTER_S, STATUS_EVERY_S = 2.0, 30.0, 10.0, 600
LINK_DOWN_FOR_S, SERVICE_EVERY_S, SERVICE_GRACE_S = 30.0, 30.0, 15.0
SERVICE = "lianfang/service/status"
SHOWN = {
    "received": "值班室已收到 / The duty room has it",
    "duplicate": "值班室已收到 / The duty room has it",
    "acknowledged": "值班员已签收 / An officer has taken it",
    "dispatched": "已派人前往 / Help is on the way",
    "closed": "已办结 / Closed",
    "rejected": "未被受理，请拨打110 / Refused: ring 110",
    "undelivered": "未送达，请拨打110 / Not delivered: ring 110",
    "offline": "未联网，紧急情况请拨打110 / Not connected: in an emergency ring 110",
    "online": "已联网 / Connected",
    "notice": "邻居需要帮助 / A neighbour needs help",
    "over": "邻居的求助已结束 / The neighbour's call is over",
}


def show(state, detail=""):
    print(f"{state}  {SHOWN.get(state, '')}  {detail}".rstrip(), flush=True)


def press_payload(key, device, boot, seq, kind, *, silent, at_ms):
    """The bytes of one press. Made once: every repeat sends these very bytes."""
    text = f"v1|{device}|{boot}|{seq}|{kind}|{int(silent)}|{'' if at_ms is None else at_ms}"
    press = {"v": 1, "boot": boot, "seq": seq, "kind": kind, "silent": silent}
    if at_ms is not None:
        press["at_ms"] = at_ms
    press["mac"] = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return json.dumps(press).encode()


def connect(args, heard):
    """A client that connects and comes back by itself. `heard` gets (topic, payload)."""
    base = f"lianfang/button/{args.device}"
    status = {"v": 1, "every_s": STATUS_EVERY_S, "fw": "example-1"}

    def on_connect(client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            print(f"the broker refuses us: {reason}", file=sys.stderr, flush=True)
            return
        client.subscribe([(f"{base}/reply", 1), (f"{base}/notice", 1), (SERVICE, 1)])
        online = json.dumps({**status, "online": True})
        client.publish(f"{base}/status", online, qos=1, retain=True)

    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, client_id=f"lianfang-{args.device}", clean_session=False
    )
    client.username_pw_set(args.login or args.device, os.environ.get("LIANFANG_PASSWORD", ""))
    if args.ca_file:
        client.tls_set_context(ssl.create_default_context(cafile=args.ca_file))
    # the last will: the broker says for us that we are gone
    client.will_set(f"{base}/status", json.dumps({**status, "online": False}), qos=1, retain=True)
    client.reconnect_delay_set(1, 8)
    client.on_connect = on_connect
    client.on_message = lambda _c, _u, message: heard.put((message.topic, message.payload))
    client.connect_async(args.host, args.port, keepalive=30)
    client.loop_start()
    return client


def answer_notice(client, base, notice):
    """A neighbour's alarm: shown only while it is valid, and what became of it is told."""
    if notice["state"] != "active":
        show("over", notice.get("from", ""))
        return
    if notice["until_ms"] > time.time() * 1000:
        show("notice", notice.get("from", ""))
        seen = json.dumps({"v": 1, "id": notice["id"], "state": "delivered"})
        client.publish(f"{base}/seen", seen, qos=1)


class Watch:
    """Whether to show that nobody hears us: the service says so, or is silent, or the line is down.

    The last two need no message: a broker that dies with the service sends none.
    """

    def __init__(self, link_down_for_s):
        self.link_down_for_s, self.shown = link_down_for_s, False
        self.online, self.every_s, self.sign_at = True, SERVICE_EVERY_S, time.monotonic()
        self.up_at = self.sign_at

    def heard(self, status):
        self.online, self.sign_at = status["online"], time.monotonic()
        self.every_s = min(status.get("every_s", SERVICE_EVERY_S), 300)

    def look(self, now, connected):
        self.up_at = now if connected else self.up_at
        silent = now - self.sign_at >= 2 * self.every_s + SERVICE_GRACE_S
        gone = not self.online or silent or now - self.up_at >= self.link_down_for_s
        if gone != self.shown:
            self.shown = gone
            show("offline" if gone else "online")


def press(args, key):
    heard = queue.Queue()
    client = connect(args, heard)
    base, boot, seq = f"lianfang/button/{args.device}", secrets.randbelow(2**53), 1
    at_ms = None if args.no_clock else int(time.time() * 1000)
    payload = press_payload(key, args.device, boot, seq, args.kind, silent=args.silent, at_ms=at_ms)
    begun, wait_s, send_at = time.monotonic(), FIRST_REPEAT_S, time.monotonic()
    answered = warned = False
    watch = Watch(args.link_down_for)
    while True:
        now = time.monotonic()
        watch.look(now, client.is_connected())
        if not answered and now >= send_at and client.is_connected():
            client.publish(f"{base}/press", payload, qos=1)
            send_at, wait_s = now + wait_s, min(wait_s * 2, REPEAT_CAP_S)
        if not answered and not warned and now - begun >= UNDELIVERED_AFTER_S:
            warned = True  # and go on repeating: it may still arrive
            show("undelivered")
        try:
            topic, body = heard.get(timeout=0.1)
            message = json.loads(body)
        except (queue.Empty, ValueError):
            continue
        if topic == SERVICE:
            watch.heard(message)
        elif topic.endswith("/notice"):
            answer_notice(client, base, message)
        elif (message.get("boot"), message.get("seq")) == (boot, seq):
            answered = True
            show(message["state"], message.get("alarm") or message.get("reason") or "")
            if args.once:
                return 1 if message["state"] == "rejected" else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", required=True)
    parser.add_argument("--login", help="the broker's user name; left out: the device id")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--ca-file", help="switches TLS on")
    parser.add_argument("--kind", default="panic")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--no-clock", action="store_true", help="a button without a clock")
    parser.add_argument(
        "--link-down-for", type=float, default=LINK_DOWN_FOR_S, metavar="S",
        help="without a line for so long it says: ring 110",
    )  # fmt: skip
    parser.add_argument("--once", action="store_true", help="end at the reply")
    args = parser.parse_args()
    key_text = os.environ.get("LIANFANG_KEY", "")
    key = base64.urlsafe_b64decode(key_text + "=" * (-len(key_text) % 4))
    if len(key) != 32:
        parser.error("LIANFANG_KEY must hold the device's 32-byte key as base64url")
    return press(args, key)


if __name__ == "__main__":
    sys.exit(main())
