"""What a runtime executed of a network's graph: the work of every step, and where each
operation went.
"""

from sartor.cost.profile.executed import Counted, Executed, Profile
from sartor.cost.profile.joining import join_steps

__all__ = ["Counted", "Executed", "Profile", "join_steps"]
