"""The processes: one per step, and the command line; what they share is in `runtime`."""
