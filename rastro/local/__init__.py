"""The local stack: the emulator, the synthesized pipeline template deployed on it, the consumer."""
