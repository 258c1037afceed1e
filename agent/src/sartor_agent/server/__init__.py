"""The server that lets another machine measure on this device; `sartor-agent` starts it."""

from sartor_agent.server.app import create_app
from sartor_agent.server.settings import Settings

__all__ = ["Settings", "create_app"]
