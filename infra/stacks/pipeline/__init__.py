"""The pipeline stack: HTTP API, ingest function, streams, delivery, lake, catalogue."""
