"""A month's bill of an environment under a load, line by line, at list prices."""
