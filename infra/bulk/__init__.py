"""A first load of millions, written as files that DynamoDB imports from S3 into a new table.

Lives here: how rows that belong to one customer find each other on disk. The items themselves are
written by the product's own import (chalicelib/customers/), against a table in memory. Never here:
an item's form, what a row means, AWS.
"""
