"""Gathers what `why` is told (saga_state/why/facts.py): of MongoDB, Kafka and health pages.

It only reads, and commits nothing. Each part has its own short time, and is Unknown without an
answer, so that the rest can be told while a server is away. The CLI and the gateway use it.
"""
