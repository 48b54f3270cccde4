"""The whole system on one machine, without Docker: servers, services and who keeps them alive."""
