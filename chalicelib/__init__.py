"""Rejoinder: every customer is a segment of one, answered on the channel they prefer."""
