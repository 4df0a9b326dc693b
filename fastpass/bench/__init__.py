"""`fastpass bench`: how fast this machine feeds, augments and decodes, with the peers beside us.

No stage imports this package; it uses their public faces.
"""
