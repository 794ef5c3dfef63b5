"""A person's data: where they lie here or on AWS, and the paper that says they are gone."""
