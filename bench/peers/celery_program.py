"""Celery, its worker and its client.

    python3 -m celery -A celery_program worker ...      BROKER and PROGRAM are in the environment
    python3 celery_program.py

No results are kept, and a task is acknowledged when it has ended: otherwise one whose worker dies is lost, which of the queues here
Celery alone would allow. Many messages are taken ahead because its guide says so of many short tasks
(docs.celeryq.dev, "Optimizing").
"""
import os
import subprocess
import sys
import time

import redis
from celery import Celery
from celery.signals import task_failure

app = Celery("celery_program", broker=os.environ["BROKER"])
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=64)


@task_failure.connect
def count_failure(**_):
    redis.Redis.from_url(os.environ["BROKER"]).incr("failed")


@app.task(name="program")
def program(param):
    subprocess.run(
        [os.environ["PROGRAM"], param],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def answer():
    broker = redis.Redis.from_url(os.environ["BROKER"])
    with app.producer_pool.acquire(block=True) as producer:
        for line in sys.stdin:
            verb, *words = line.split()
            print(reply(broker, producer, verb, words), flush=True)


def reply(broker, producer, verb, words):
    if verb == "reset":
        broker.flushall()
        return "ok"
    if verb == "enqueue":
        params = [f"uid={i + 1}" for i in range(int(words[0]))]
        began = time.monotonic()
        for param in params:
            program.apply_async((param,), producer=producer)
        return (time.monotonic() - began) * 1000
    if verb == "remaining":
        unfinished = broker.llen("celery") + broker.hlen("unacked")
        return f"{unfinished} {int(broker.get('failed') or 0)}"
    raise ValueError(verb)


if __name__ == "__main__":
    answer()
