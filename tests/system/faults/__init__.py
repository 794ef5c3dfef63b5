"""The ledger of faults: one fault at a time, then two, under load on the local stack. `make faults`; docs/faults.md."""
