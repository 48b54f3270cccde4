"""Everything that starts the system: on this machine, in containers, on a cluster."""
