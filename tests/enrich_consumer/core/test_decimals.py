"""Amounts as JSON text: exact, everywhere a decimal is, and taken by the emulator's conversion like numbers."""

import io
import json
import time
from decimal import Decimal

import orjson
import pytest
from pyarrow import parquet

from enrich_consumer.core.decimals import as_text, rewritten
from enrich_consumer.core.enrichments.ecommerce import money_of
from rastro.local import emulator as local_emulator
from schemas import Column, json_file

COLUMNS = tuple(Column(**fields) for fields in json_file("enriched.columns.json")["columns"])


@pytest.mark.parametrize(
    "amount", [0.1, 19.9, 0.0001, -0.0001, 99_999_999_999.9999, 12_345_678_901.2345, 0.0, 1e10, 7]
)
def test_the_text_is_the_exact_decimal(amount):
    value, _ = money_of(amount)
    row = {"value": value}
    as_text(COLUMNS)(row)
    assert Decimal(row["value"]) == Decimal(str(amount)).quantize(Decimal("0.0001"))
    assert "e" not in row["value"].lower()


def test_every_decimal_of_the_contract_becomes_text_and_nothing_else():
    item = {"item_id": "a", "price": 19.9, "quantity": 2, "discount": None}
    row = {"value": 39.8, "tax": 1.0, "shipping": None, "items": [item], "items_count": 1, "page_load": 0.5}
    line = orjson.dumps(row)
    found = orjson.loads(rewritten(line, as_text(COLUMNS)))
    assert found == row | {"value": "39.8", "tax": "1.0", "items": [item | {"price": "19.9"}]}
    decimals = [column.name for column in COLUMNS if "decimal(" in column.type]
    assert decimals == ["value", "shipping", "tax", "items"]


@pytest.mark.emulator
def test_firehose_of_the_emulator_takes_text_and_numbers(emulator):
    """What it makes of both is the same; AWS's own reader takes text by its published source."""
    client = lambda name: local_emulator.client(emulator, name)  # noqa: E731 - two words
    types = {"value": "decimal(18,4)", "items": "array<struct<item_id:string,price:decimal(18,4)>>"}
    client("s3").create_bucket(Bucket="decimals")
    client("glue").create_database(DatabaseInput={"Name": "decimals"})
    columns = [{"Name": name, "Type": kind} for name, kind in types.items()]
    client("glue").create_table(
        DatabaseName="decimals", TableInput={"Name": "t", "StorageDescriptor": {"Columns": columns}}
    )
    client("firehose").create_delivery_stream(
        DeliveryStreamName="decimals",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/r",
            "BucketARN": "arn:aws:s3:::decimals",
            "Prefix": "rows/",
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "GZIP"}}},
                "SchemaConfiguration": {"DatabaseName": "decimals", "TableName": "t", "Region": "us-east-1"},
            },
        },
    )
    row = {"value": 39.8, "items": [{"item_id": "a", "price": 19.9}]}
    texts = json.loads(rewritten(orjson.dumps(row), as_text(COLUMNS)))
    for given in (row, texts):
        client("firehose").put_record(
            DeliveryStreamName="decimals", Record={"Data": json.dumps(given).encode()}
        )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = client("s3").list_objects_v2(Bucket="decimals").get("Contents", [])
        if len(found) == 2:
            break
        time.sleep(0.2)
    rows = [
        parquet.read_table(
            io.BytesIO(client("s3").get_object(Bucket="decimals", Key=o["Key"])["Body"].read())
        )
        for o in found
    ]
    assert [table.to_pylist() for table in rows] == [
        [{"value": Decimal("39.8000"), "items": [{"item_id": "a", "price": Decimal("19.9000")}]}]
    ] * 2
