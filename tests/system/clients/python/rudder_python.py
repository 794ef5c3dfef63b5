"""rudder-sdk-python, which compresses by default: the trip, in a process of its own."""

from functools import partial

from rudderstack.analytics.client import Client

from tests.system.clients.python import segment_trip

run = partial(segment_trip.run, Client)
