"""`make bench`: the whole pipeline against the ways to do without it, in one run on one server.

`scale` says how much, `shop` generates it once; `landing`, `ways`, `first_load` and
tests.bench.days measure; `targets` holds what was measured against what is wanted; `tables` and
`report` tell it.
"""
