"""The parts of `sartor measure`: what is asked, what measures, what is found."""

from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Compared, Costs, Failed, Measured

__all__ = ["Asked", "Compared", "Costs", "Failed", "Measured"]
