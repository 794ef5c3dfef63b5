"""Adapters of the ports: KCL, Kinesis, Firehose, S3, files; and doubles in memory."""
