"""The analytics stack: Athena workgroup, views, named queries, QuickSight."""
