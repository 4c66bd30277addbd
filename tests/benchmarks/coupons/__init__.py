"""The reality check of the ladder: coupons, the only true responses in the Complete Journey.

`journey` reads the data and cuts it at a day; `matching`, `households` and `choices` make features
of such a past; `learned` teaches the product's learner, `plain` its peer; `contest` walks through
the campaigns in time; `judging` counts, and `report` tells.
"""
