"""Load at times that were set beforehand: how long answers, the enriched stream and Parquet take, and what is lost.

Nothing waits for an answer before the next request is due, and each latency counts from the moment a request was due,
not from when it could be sent: a stack that stands still for a second shows it in every request of that second (no
coordinated omission).
"""
