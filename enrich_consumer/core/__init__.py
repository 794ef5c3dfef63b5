"""Pure: values in, values out. No AWS client, clock, environment, chance or log in here (lint says so)."""
