# Adds up a day's orders and leaves a summary that says what it was made of.
import hashlib
import json
import sys

with open("orders.json", encoding="utf-8") as file:
    text = file.read()
totals = {}
for order in json.loads(text):
    totals[order["customer"]] = totals.get(order["customer"], 0) + order["cents"]
digest = text.encode()
for _ in range(10):
    digest = hashlib.sha256(digest + text.encode()).hexdigest().encode()
with open(f"outbox/python-{sys.argv[1]}.json", "w", encoding="utf-8") as file:
    json.dump({"totals": totals, "sum": digest.decode()}, file, sort_keys=True)
