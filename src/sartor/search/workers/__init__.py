"""Where designs are evaluated: in this process, in others on this machine, on a Ray cluster.

A new place is one file beside its sisters.
"""

from sartor.search.workers.here import Here
from sartor.search.workers.processes import Processes
from sartor.search.workers.protocol import Crew, Evaluate, Measured, Workers, results
from sartor.search.workers.ray import Ray

__all__ = ["Crew", "Evaluate", "Here", "Measured", "Processes", "Ray", "Workers", "results"]
