#!/usr/bin/python3
"""feed: keeps putting files of made-up shop orders, as JSON lines, into a folder.

usage: feed.py FOLDER [orders a second, default 20] [seconds, default: until it is killed]

Each second one file, put there by a rename, so that a reader sees it whole. Orders carry the time
at which they were made; some arrive up to three seconds after that.
"""
import json
import os
import random
import sys
import time

CITIES = ["Berlin", "Madrid", "Oslo", "Paris", "Rome"]


def order(number, now):
    made = now - random.choice([0, 0, 0, random.random() * 3])
    return {"id": number, "city": random.choice(CITIES),
            "amount": round(random.lognormvariate(3, 0.7), 2),
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(made))
            + f".{int(made % 1 * 1000):03}Z"}


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: feed.py FOLDER [orders a second] [seconds]")
    folder = sys.argv[1]
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    end = time.monotonic() + float(sys.argv[3]) if len(sys.argv) > 3 else float("inf")
    os.makedirs(folder, exist_ok=True)
    number = 0
    while time.monotonic() < end:
        now = time.time()
        name = f"orders-{int(now * 1000)}.json"
        hidden = os.path.join(folder, "." + name + ".tmp")
        with open(hidden, "w", encoding="utf-8") as file:
            for _ in range(rate):
                number += 1
                file.write(json.dumps(order(number, now)) + "\n")
        os.rename(hidden, os.path.join(folder, name))
        time.sleep(max(0.0, now + 1 - time.time()))


if __name__ == "__main__":
    main()
