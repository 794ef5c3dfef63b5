"""Erasing a person's data (LGPD, GDPR) from everything that holds them, and the proof. Rules: docs/privacy.md."""
