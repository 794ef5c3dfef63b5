"""The demo shop: static pages in Portuguese, the tracker's scripts, and the path that takes events first-party."""
