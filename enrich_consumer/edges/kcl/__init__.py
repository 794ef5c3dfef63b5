"""KCL: the daemon, its protocol, the record processor, leases and shards."""
