"""Views and reports over the lake as SQL for Athena, one file each, and the dashboards."""

from analytics.queries import REPORTS, VIEWS, Query, report, view

__all__ = ["REPORTS", "VIEWS", "Query", "report", "view"]
