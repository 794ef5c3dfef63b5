"""The traffic of a made-up Brazilian shop: its visitors, what they do, what their browsers post.

Pure and seeded: `plan(seed, events, now)` gives the same requests for the same arguments.
"""

from rastro.synthetic_shop.plan import Plan, Probe, Request, Sent, Verdict, plan
from rastro.synthetic_shop.session_count import expected_sessions

__all__ = ["Plan", "Probe", "Request", "Sent", "Verdict", "expected_sessions", "plan"]
