"""The dashboards as data: what is shown, from which data set, in which order. `quicksight.py` draws them."""

from analytics.dashboards.catalogue import DASHBOARDS
from analytics.dashboards.data_sets import DATA_SETS

__all__ = ["DASHBOARDS", "DATA_SETS"]
