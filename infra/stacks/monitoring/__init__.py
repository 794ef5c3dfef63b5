"""The monitoring stack: alarms with a runbook each, a dashboard, a canary, a budget, and who is notified."""
