"""Which enrichments run: what RASTRO_ENRICHMENTS says, for the daemon and for the local run."""

from enrich_consumer.core import enrichments
from enrich_consumer.settings import SettingsError


def selected(text: str | None) -> tuple[str, ...] | None:
    """Names with commas between → the names; nothing → None, which means all.

    Raises:
        SettingsError: they name one that does not exist, or leave out one that another needs.
    """
    if not text or not text.strip():
        return None
    names = tuple(name.strip() for name in text.split(","))
    try:
        enrichments.check(names)
    except enrichments.EnrichmentsError as error:
        raise SettingsError(f"RASTRO_ENRICHMENTS: {error}") from None
    return names
