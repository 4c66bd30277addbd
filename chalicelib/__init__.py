"""Rejoinder: every customer is a segment of one, answered on the channel they prefer."""

import gc

# A cold start builds a great deal that stays: looking through it for garbage as often as Python
# does by itself takes a fifth of the time.
gc.set_threshold(150_000, 10, 10)
