"""The consumer as it runs: KCL's daemon, its children, an emulator of AWS, and faults."""
