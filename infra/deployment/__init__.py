"""Putting a proven package where the world can reach it, trying it, going back, taking it down.

    formation    any stack, by its name
    stack        the stateful stack               release        what only the account knows
    installation by chalice                       packaged, changes, terraform    by CloudFormation
    history      the releases that are kept       removal        of functions, and of data
    access, calls, trial    the smoke test        demands        what must be there before

Lives here: the steps of `python -m infra.deploy`, `packaged`, `rollback`, `destroy` and `smoke`.
Never here: building and proving (`packaging/`).
"""
