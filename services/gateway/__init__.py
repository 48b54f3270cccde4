"""The gateway: both REST APIs over the journeys, access control, audit. It is no step of any."""
