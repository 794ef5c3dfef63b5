"""The consumer stack: network, cluster, service, scaling; and the repository of its image."""
