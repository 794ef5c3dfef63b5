"""Rules that do not hold at one place, each with the reason. Validation prints everything else."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Say that `rule` is known to be broken at `construct` and below it, and why that is right."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
