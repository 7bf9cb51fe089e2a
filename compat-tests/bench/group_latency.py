"""Milliseconds from subscribe() to the first record through a fresh group, with librdkafka: group_latency.py BOOTSTRAP TOPIC COUNT.

100 ms of it are the library's own: a timer before it asks for the offset of a group that has none.
"""

import sys
import time

from confluent_kafka import Consumer

bootstrap, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for i in range(-3, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"latency-{time.time_ns()}", "auto.offset.reset": "earliest",
                         "enable.auto.commit": False, "broker.address.family": "v4"})
    consumer.list_topics(topic, 10)  # connected: the library draws a pause before it connects to a broker that it has just learnt of
    begin = time.perf_counter()
    consumer.subscribe([topic])
    while (message := consumer.poll(0.2)) is None or message.error():
        assert time.perf_counter() < begin + 20, "no record"
    if i >= 0:
        print((time.perf_counter() - begin) * 1000)
    consumer.close()
