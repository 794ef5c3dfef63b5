"""The function that puts ticks into the raw stream; `infra.stacks.pipeline.ticks` deploys it."""
