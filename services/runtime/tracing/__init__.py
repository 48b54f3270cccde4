"""Traces, where they are wanted; nothing here is imported by a process without an endpoint."""
