"""What a storefront's developer should change, in one sentence for each reason of a refusal."""

from schemas import Reason

_ADVICE: dict[Reason, str] = {
    Reason.NOT_JSON: "The body is not JSON: send JSON.stringify(event), in UTF-8.",
    Reason.UNKNOWN_KEY: "The site key is not in the sites document: check X-Rastro-Key or ?key=.",
    Reason.ORIGIN_NOT_ALLOWED: "The page's origin is not listed: add it to the site's `origins`.",
    Reason.SECRET_KEY_IN_BROWSER: (
        "A secret key was sent from a browser: use the public key there, and change the secret one."
    ),
    Reason.SECRET_KEY_NEEDED: "Only servers may send this: use a secret key of the site, from a server.",
    Reason.TOO_LARGE: "The body is too large: send fewer events at once.",
    Reason.UNSUPPORTED_MEDIA_TYPE: "The content type is not understood: send application/json or text/plain.",
    Reason.TOO_MANY_EVENTS: "Too many events in one request: send fewer at once.",
    Reason.NOT_FOUND: "There is no such path: post to /v1/events.",
    Reason.METHOD_NOT_ALLOWED: "Use POST for events.",
    Reason.UNAVAILABLE: "The stream could not take it: the client repeats the batch, nothing is lost.",
    Reason.NOT_AN_OBJECT: "An event must be a JSON object.",
    Reason.INVALID_EVENT: "The event breaks the contract; the detail names the field.",
    Reason.EVENT_TOO_LARGE: "The event is too large: leave out long texts or lists.",
    Reason.EVENT_TOO_DEEP: "The event is nested too deeply: flatten its properties.",
    Reason.NUMBER_OUT_OF_RANGE: "A number is too large for 64 bits: send it as text.",
    Reason.INVALID_TEXT: "A text holds half a character (a lone surrogate): cut texts by characters, not by units.",
    Reason.RECORD_NOT_JSON: "The raw record is not JSON: something else than ingest wrote to the raw stream.",
    Reason.UNKNOWN_RECORD_VERSION: "The raw record is of a newer version: deploy the consumer before ingest.",
    Reason.INVALID_RECORD: "The raw record breaks its contract: something else than ingest wrote to the raw stream.",
    Reason.UNKNOWN_SITE: "The consumer's sites document does not know the site: deploy it to both.",
    Reason.CRASHED_PROCESSOR: "The processor died at this record three times; it was set aside. Tell the maintainers.",
    Reason.INTERNAL_ERROR: "An error that nobody foresaw; the payload is kept. Keep it for the maintainers.",
}


def advice(reason: str) -> str:
    """The sentence for a reason of the rejected table or of an answer."""
    try:
        return _ADVICE[Reason(reason)]
    except (ValueError, KeyError):
        return "Refused."
