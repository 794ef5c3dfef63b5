"""AWS: the streams written to and the object store."""
