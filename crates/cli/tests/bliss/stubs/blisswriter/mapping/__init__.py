"""The part of blisswriter that BLISS 2.3 and 2.4 import and that no release on PyPI has.

What BLISS publishes for the classic layout, it takes from blisswriter 2.0.0, where earlier BLISS finds it. The layouts
that it publishes are those of `h5map`.
"""
