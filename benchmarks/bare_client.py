"""The floor under intake: the least a Python program can do with a press before it answers.

    python -m benchmarks.bare_client PORT LOGIN PASSWORD FILE

A bare paho client hears the presses, commits what waits to an SQLite file, synced, and then
confirms and answers each. It checks no signature, knows no device, keeps no chain and tells
nobody: `benchmarks.storm` measures it beside the service, on the same broker and devices, so that
its figures say something on any machine. It prints a line when it hears.
"""

import json
import queue
import sqlite3
import sys

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

_BATCH = 512


def main() -> None:
    port, login, password, file = sys.argv[1:]
    arrived: queue.SimpleQueue[paho.MQTTMessage] = queue.SimpleQueue()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", manual_ack=True)
    client.username_pw_set(login, password)
    client.max_inflight_messages_set(2000)
    client.on_connect = lambda c, *_: c.subscribe("lianfang/button/+/press", qos=1)
    client.on_subscribe = lambda *_: print("hears", flush=True)
    client.on_message = lambda _client, _data, message: arrived.put(message)
    client.connect("127.0.0.1", int(port))
    client.loop_start()
    store = sqlite3.connect(file, isolation_level=None)
    store.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE presses (number INTEGER PRIMARY KEY, topic TEXT, payload BLOB);"
    )
    while True:
        batch = [arrived.get()]
        while len(batch) < _BATCH and not arrived.empty():
            batch.append(arrived.get())
        store.execute("BEGIN IMMEDIATE")
        store.executemany(
            "INSERT INTO presses (topic, payload) VALUES (?, ?)",
            [(message.topic, message.payload) for message in batch],
        )
        store.execute("COMMIT")
        for message in batch:
            client.ack(message.mid, 1)
            client.publish(message.topic.replace("/press", "/reply"), _answer(message), qos=1)


def _answer(message: paho.MQTTMessage) -> str:
    press = json.loads(message.payload)
    answer = {"v": 1, "boot": press["boot"], "seq": press["seq"], "state": "received"}
    return json.dumps({**answer, "alarm": f"{message.mid}", "time_ms": 0})


if __name__ == "__main__":
    main()
