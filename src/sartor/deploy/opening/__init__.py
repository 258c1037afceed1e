"""Opens what a user names, one kind per file, and writes it as a file that a runtime reads."""

from sartor.deploy.opening.files import RANDOM, FileSource
from sartor.deploy.opening.opener import OPENERS, Opener, open_network
from sartor.deploy.opening.protocol import NetworkSource

__all__ = [
    "OPENERS",
    "RANDOM",
    "FileSource",
    "NetworkSource",
    "Opener",
    "open_network",
]
