"""What is built before a deployment: the Lambda package, the consumer's image."""
