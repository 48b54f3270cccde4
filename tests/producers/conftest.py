"""The system that a module's tests share."""

from tests.integration.shared_system import shared

__all__ = ["shared"]
