"""Estimates what a tool's work costs at list prices (infra/costs/prices.toml)."""

import math

from rastro.repair.pipeline import Pipeline

_KB = 1024


def of_puts(pipeline: Pipeline, records: int, size: int) -> float:
    """US dollars for records of `size` bytes together into a stream, and through what stands behind it."""
    if pipeline.is_local or not records:
        return 0.0
    price = _prices(pipeline)
    each = size / records
    units = records * math.ceil(each / (25 * _KB)) / 1e6
    gigabytes = records * math.ceil(each / (5 * _KB)) * 5 * _KB / 1e9
    through = price["firehose_gb"] * 2 + price["firehose_gb_converted"]
    return units * price["kinesis_million_put_units"] + gigabytes * through


def of_scans(pipeline: Pipeline, size: float) -> float:
    """US dollars for Athena to read `size` bytes; the smallest charge is for 10 MB."""
    return 0.0 if pipeline.is_local or not size else max(size, 10e6) / 1e12 * _prices(pipeline)["athena_tb"]


def _prices(pipeline: Pipeline) -> dict[str, float]:
    from infra.costs import model  # noqa: PLC0415 - takes a while to import

    prices = model.prices()
    found: dict[str, float] = prices[pipeline.region] if pipeline.region in prices else prices["us-east-1"]
    return found
