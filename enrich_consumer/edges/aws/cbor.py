"""PutRecords in CBOR (RFC 8949), as AWS's own Java SDK sends it: data as it is, not as base64.

A quarter fewer bytes to write, hash for the signature, and send. boto3 knows only JSON for Kinesis, and its way
from entries to a body (a copy, base64, an escaping writer) costs as much as all of the processing.
"""

import json
from typing import TYPE_CHECKING, Any

import cbor2

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

MEDIA_TYPE = "application/x-amz-cbor-1.1"
_INSTEAD = [{"Data": b"", "PartitionKey": "-"}]
"""What the SDK is given to write, since the body is replaced."""


def put_records_as_cbor(client: "KinesisClient") -> None:
    """Let `put_records` of this client send CBOR and read the answer, an error too. What the SDK does before and
    after, retries and signing, stays in use."""

    def keep(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
        context["rastro_body"] = cbor2.dumps(params)
        return {**params, "Records": _INSTEAD}

    def replace(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        params["body"] = context.pop("rastro_body")
        params["headers"]["Content-Type"] = MEDIA_TYPE

    def read(response_dict: dict[str, Any], **_: Any) -> None:
        headers = response_dict["headers"]
        if headers.get("Content-Type", "").startswith(MEDIA_TYPE):
            response_dict["body"] = json.dumps(cbor2.loads(response_dict["body"])).encode()

    events = client.meta.events
    events.register("provide-client-params.kinesis.PutRecords", keep)  # type: ignore[arg-type] # an answer is allowed
    events.register("before-call.kinesis.PutRecords", replace)
    events.register("before-parse.kinesis.PutRecords", read)
