"""Compatibility tests: stock clients and Kafka's own tools, against Ottla and Apache Kafka 4.3.1.

Reading order: cache (where things that are fetched or built live), nodes (start and stop a broker), tools
(Kafka's console tools in one warm JVM), differential (the same runs on both brokers), oracles (Kafka's readers
over our directories), clients (scenarios x clients), kill9 (crashes under load), summary (the closing line).
Only Python's standard library is used here; what a client needs lives in that client's folder.
"""
