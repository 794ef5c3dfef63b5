"""The consumer: raw stream in, enriched stream out."""
