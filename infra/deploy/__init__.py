"""Deploy synthesized stacks through CloudFormation: the same code for AWS and for the local stack."""
