"""Dashboards and alarms of days 1 to 3, with the pilot's promises filled in."""

from harness.platforms.shared.dashboards.cloudwatch import alarms, dashboard
from harness.platforms.shared.dashboards.grafana import grafana

__all__ = ["alarms", "dashboard", "grafana"]
