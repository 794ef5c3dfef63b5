"""Pure: values in, values out. No AWS client, clock, environment, randomness or log in here (lint says so)."""
