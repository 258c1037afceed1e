"""What runs on a device: runtimes, the experiment that times programs, and the agent's server.

It needs no torch. On the machine that searches, `sartor.targets` uses the same code for its CPU.
"""

__version__ = "0.1.0"
__all__: list[str] = []
