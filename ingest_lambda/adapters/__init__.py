"""Protocols that storefronts speak, each translated to our events; one file each."""
