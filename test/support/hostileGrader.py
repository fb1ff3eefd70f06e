"""A grader that does what no grader should, when the answer says so. It speaks the worker's protocol otherwise."""

import json
import os
import sys
import time


def misbehave(what, own):
    if what == "loop":
        while True:
            pass
    if what == "sleep":
        time.sleep(3600)
    if what == "memory":
        hoard = []
        while True:
            hoard.append(bytearray(64 << 20))
    if what == "fork":
        while True:
            os.fork()
    if what == "flood":
        while True:
            os.write(1, b"x" * 65536)
    if what == "lines":
        while True:
            os.write(1, b'{"id": 0, "equal": true}\n')
    if what == "exit":
        os._exit(0)
    if what == "crash":
        os.abort()
    if what == "forge":
        print(json.dumps({"id": 999999, "equal": True}), flush=True)
    if what == "nonsense":
        print("not json", flush=True)
    if what == "shape":
        print(json.dumps({"id": 1, "equal": "yes"}), flush=True)
    if what == "two":
        print(json.dumps({"id": own, "equal": True}), flush=True)
        time.sleep(0.2)  # by now it is asked the next one, and has not read it
        print(json.dumps({"id": own + 1, "equal": True}), flush=True)


print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    pair = json.loads(line)
    misbehave(pair["a"], pair["id"])
    print(json.dumps({"id": pair["id"], "equal": pair["a"] == pair["b"]}), flush=True)
