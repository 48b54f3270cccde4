"""The dashboard: pages of the gateway for people, under /dashboard."""
