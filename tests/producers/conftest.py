"""The system that runs for all tests here."""

from tests.integration.shared_system import shared

__all__ = ["shared"]
