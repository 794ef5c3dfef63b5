"""Tables of public facts, each with its source and date."""
