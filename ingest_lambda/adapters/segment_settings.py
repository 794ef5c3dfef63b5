"""The settings documents that browser clients of Segment and RudderStack fetch before they send anything."""

from typing import Any


def of_segment(write_key: str, api_host: str, protocol: str) -> dict[str, Any]:
    """What @segment/analytics-next reads from `<cdn>/v1/projects/<key>/settings`: one destination, us.

    `api_host` is host and path of the API without a scheme. A sample rate of 0 keeps the client from sending
    figures about itself.
    """
    allowed = {"__default": {"enabled": True, "integrations": {}}}
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": api_host,
                "protocol": protocol,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "maybeBundledConfigIds": {},
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {
            "track": allowed,
            "identify": {"__default": {"enabled": True}},
            "group": {"__default": {"enabled": True}},
        },
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


def of_rudderstack(write_key: str) -> dict[str, Any]:
    """What @rudderstack/analytics-js reads from `<configUrl>/sourceConfig`: a source without destinations."""
    return {
        "source": {
            "id": "rastro",
            "name": "rastro",
            "writeKey": write_key,
            "enabled": True,
            "workspaceId": "rastro",
            "connections": [],
            "destinations": [],
            "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
        }
    }
