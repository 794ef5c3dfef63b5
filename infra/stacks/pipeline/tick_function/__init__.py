"""The function that tells the raw stream the time; `infra.stacks.pipeline.ticks` deploys it."""
