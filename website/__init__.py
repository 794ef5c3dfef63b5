"""The manual as a site, and the slides of the course."""
