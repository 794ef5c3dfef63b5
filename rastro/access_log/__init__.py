"""A web server's log as storefront events. Pure but for `source`, which opens files."""
