"""Drawing the progress of a job: live on a terminal, as plain lines elsewhere."""

from sartor.cli.screen.forecast import Forecast
from sartor.cli.screen.lines import Lines
from sartor.cli.screen.listening import listening

__all__ = ["Forecast", "Lines", "listening"]
