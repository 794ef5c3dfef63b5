"""The edge to Kinesis and Firehose: one call, one error code per entry."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.records import Entry
from ingest_lambda.rejects import Payload
from ingest_lambda.retry import CannotPut, Limits

if TYPE_CHECKING:
    from mypy_boto3_firehose import FirehoseClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html: 500 records, 10 MiB with their
# keys.
STREAM_LIMITS = Limits(most_items=500, most_bytes=10 * 1024 * 1024)
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html: 500 records, 4 MiB.
DELIVERY_LIMITS = Limits(most_items=500, most_bytes=4 * 1024 * 1024)

# What no repetition cures; everything else (throttling, server errors, broken connections) is worth another
# try.
FINAL = frozenset(
    {"AccessDeniedException", "ResourceNotFoundException", "InvalidArgumentException", "ValidationException"}
    | {
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ExpiredTokenException",
        "SerializationException",
    }
    | {"KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException"}
    | {"KMSOptInRequired", "InvalidKMSResourceException", "MissingAuthenticationTokenException"}
)


def stream_sender(client: "KinesisClient", stream: str) -> Callable[[Sequence[Entry]], list[str | None]]:
    """PutRecords with the visitor's partition key."""

    def send(entries: Sequence[Entry]) -> list[str | None]:
        records: Any = [{"Data": entry.data, "PartitionKey": entry.key} for entry in entries]
        return _codes(
            lambda: client.put_records(StreamName=stream, Records=records)["Records"],
            len(entries),
            "PutRecords",
        )

    return send


def delivery_sender(
    client: "Callable[[], FirehoseClient]", name: str
) -> Callable[[Sequence[bytes]], list[str | None]]:
    """PutRecordBatch of lines."""

    def send(lines: Sequence[bytes]) -> list[str | None]:
        records: Any = [{"Data": line} for line in lines]
        return _codes(
            lambda: client().put_record_batch(DeliveryStreamName=name, Records=records)["RequestResponses"],
            len(lines),
            "PutRecordBatch",
        )

    return send


def payload_store(client: "Callable[[], S3Client]") -> Callable[[Payload], None]:
    """PutObject; raises CannotPut.

    One attempt: the client repeats the request, and the name is the content's.
    """

    def store(payload: Payload) -> None:
        bucket, _, key = payload.address.removeprefix("s3://").partition("/")
        try:
            client().put_object(Bucket=bucket, Key=key, Body=payload.data, ContentType="application/json")
        except ClientError as error:
            raise CannotPut(f"PutObject: {error.response.get('Error', {}).get('Code')}") from error
        except BotoCoreError as error:
            raise CannotPut(f"PutObject: {type(error).__name__}") from error

    return store


def entry_size(entry: Entry) -> int:
    """What Kinesis counts: the data and the key."""
    return len(entry.data) + len(entry.key.encode())


def _codes(call: Callable[[], Sequence[Any]], count: int, operation: str) -> list[str | None]:
    try:
        results = call()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if code in FINAL:
            raise CannotPut(f"{operation}: {code}") from error
        return [code] * count
    except BotoCoreError as error:
        # After a broken connection nobody knows what was stored; de-duplication by event id takes the second
        # copy.
        return [type(error).__name__] * count
    return [result.get("ErrorCode") for result in results]
