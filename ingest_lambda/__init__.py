"""The ingest function: API Gateway in, raw stream out."""
