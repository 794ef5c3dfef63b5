"""Where the core meets the world: KCL, Kinesis, Firehose, S3, files; and twins in memory."""
