"""What the tools that put data back share: where they work, what they read, how they put, what it costs."""
