"""From a Run to a Report. Pure arithmetic: no clock, no file, no log, and the same bytes in, the
same report out.
"""
