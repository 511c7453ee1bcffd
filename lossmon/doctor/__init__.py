"""What may be wrong around a run rather than in it: packages, the tab, the log, the terminal, GPUs.

Nothing here imports torch, and what may break or hang is asked in another process or thread.
"""
