"""The ladder: whose offer of one product type was in the rest of the trip, from random to ours.

`python -m tests.benchmarks.ladder`. The protocol is frozen:

- Data: quantity above 0, no product without a type, departments FUEL, COUPON and MISCELLANEOUS
  dropped; naive UTC becomes New York's time. A household's baskets of one day are one trip.
- Catalog: the types with at least 100 trips before October (954).
- A moment is a trip with at least three types of the catalog. Three of them, drawn by SEED and trip
  alone, are known; an offer succeeds if its type is among the others. Of exactly three there are no
  others, and any offer fails. Every trip, moment or not, counts as past.
- Mask: types on at most a tenth of the household's own past trips, without the known ones.
- Past: the days before. Trips of one day do not see each other, nor outcomes of that day's offers.
- Ties: the type on more past trips, then that which comes first by name.
- Settings are chosen on September; October to December are measured. "Sent": the score is above the
  90th percentile of that method's scores in September, of the dev households.
- Confirm households (a fifth, by hash) are everyone's past and meet the same offers in every run;
  they choose no setting and no threshold, and are measured only with `--households confirm`.
- Intervals: 95 %, households drawn anew, each with all of its moments.

`journey` reads trips; `past` counts those that are over; `moments` draws what is known, masks, and
says who confirms; `protocol` puts each day's moments to every method, and `judging` counts. Rungs,
built on a `stage`: `popular`, `event`, `individual`, `tifu`, `similar`, `fair_peer` and `vowpal`
(both by `cheap` features), and `ours`. `rungs` lists them, `tuning` tells what September says of
settings, `report` and `figure` show; `invented` is a journey to try methods on in a second.
"""
