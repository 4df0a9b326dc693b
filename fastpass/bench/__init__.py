"""`fastpass bench`: how fast this machine feeds, augments and decodes.

Other libraries do the same work beside fastpass; they are called peers here. No stage imports this
package; it uses their public names.
"""
