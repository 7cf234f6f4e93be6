"""Dashboards and alarms of days 1 to 3, with the pilot's promises filled in."""

from harness.dashboards.cloudwatch import alarms, dashboard
from harness.dashboards.grafana import grafana

__all__ = ["alarms", "dashboard", "grafana"]
