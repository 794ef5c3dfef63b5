"""The edge to the raw stream and to the rejected delivery: one call, one error code per record."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingest_lambda.aws.client import ANSWER_SECONDS, AwsError, NoResponse, Service
from ingest_lambda.aws.put_all import Limits, PutRefused, Send
from ingest_lambda.events.history import ImportFile
from ingest_lambda.events.raw_records import StreamRecord
from ingest_lambda.events.rejected_rows import Payload

# PutRecords takes 500 records and 10 MiB with their keys; PutRecordBatch 500 records and 4 MiB.
STREAM_LIMITS = Limits(most_items=500, most_bytes=10 * 1024 * 1024)
DELIVERY_LIMITS = Limits(most_items=500, most_bytes=4 * 1024 * 1024)

# What no repetition cures; everything else (throttling, server errors, no answer) is worth another try.
FINAL = frozenset(
    {"AccessDeniedException", "ResourceNotFoundException", "InvalidArgumentException", "ValidationException"}
    | {"UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"}
    | {"SerializationException", "MissingAuthenticationTokenException", "InvalidKMSResourceException"}
    | {"KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException"}
    | {"KMSNotFoundException", "KMSOptInRequired"}
)


def stream_sender(kinesis: Service, stream: str) -> Send[StreamRecord]:
    """PutRecords with the visitor's partition key."""

    def send(stream_records: Sequence[StreamRecord], seconds: float) -> list[str | None]:
        records = [
            {"Data": b64encode(record.data).decode(), "PartitionKey": record.partition_key}
            for record in stream_records
        ]
        request = {"StreamName": stream, "Records": records}
        return _codes(kinesis, "PutRecords", request, "Records", len(stream_records), seconds)

    return send


def delivery_sender(firehose: Service, name: str) -> Send[bytes]:
    """PutRecordBatch of lines."""

    def send(lines: Sequence[bytes], seconds: float) -> list[str | None]:
        request = {
            "DeliveryStreamName": name,
            "Records": [{"Data": b64encode(line).decode()} for line in lines],
        }
        return _codes(firehose, "PutRecordBatch", request, "RequestResponses", len(lines), seconds)

    return send


def payload_store() -> Callable[[Payload | ImportFile], None]:
    """PutObject; raises PutRefused.

    One attempt: the client repeats the request, and the name is the content's.
    """

    def store(payload: Payload | ImportFile) -> None:
        # The SDK, which costs a quarter of a second, for what one request in a million needs.
        from botocore.config import Config  # noqa: PLC0415 - the SDK is slow to import and hardly ever needed
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the same
        from botocore.session import get_session  # noqa: PLC0415 - the same

        bucket, _, key = payload.uri.removeprefix("s3://").partition("/")
        try:
            config = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 1})
            s3: Any = get_session().create_client("s3", config=config)
            kind = "application/json" if isinstance(payload, Payload) else "application/gzip"
            s3.put_object(Bucket=bucket, Key=key, Body=payload.data, ContentType=kind)
        except ClientError as error:
            raise PutRefused(f"PutObject: {error.response.get('Error', {}).get('Code')}") from error
        except BotoCoreError as error:
            raise PutRefused(f"PutObject: {type(error).__name__}") from error

    return store


def record_size(record: StreamRecord) -> int:
    """What Kinesis counts: the data and the key."""
    return len(record.data) + len(record.partition_key.encode())


def _codes(
    service: Service, operation: str, request: Mapping[str, object], results: str, count: int, seconds: float
) -> list[str | None]:
    try:
        answer = service.call(operation, request, min(seconds, ANSWER_SECONDS))
    except NoResponse as error:
        # Perhaps it was stored; de-duplication by event id takes the second copy.
        return [error.code] * count
    except AwsError as error:
        if error.code in FINAL:
            raise PutRefused(str(error)) from error
        return [error.code] * count
    return [result.get("ErrorCode") for result in answer[results]]
