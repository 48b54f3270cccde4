"""The processes: one per step, the gateway, the command line; what they share in `runtime`."""
