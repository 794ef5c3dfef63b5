"""The jobs that fill the Iceberg tables: Step Functions runs Athena's statements, EventBridge Scheduler starts it."""
