"""The dashboards as data: what is shown, from which data set, in which order. `analytics.quicksight` draws them."""

from analytics.dashboards.catalogue import DASHBOARDS
from analytics.dashboards.datasets import DATA_SETS

__all__ = ["DASHBOARDS", "DATA_SETS"]
