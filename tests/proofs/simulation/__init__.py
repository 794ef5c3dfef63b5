"""The consumer in a simulated world: one process, one seed, every fault at every effect.

`python -m tests.proofs.simulation --seed N` replays one history, `--histories N` runs many.
"""
