"""Events posted, followed through the pipeline and settled in a ledger."""
