"""The CDK stacks, one folder each, and the app that puts them together."""
