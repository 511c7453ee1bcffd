"""The terminal interface: the only package that imports Textual. It never imports torch.

What a screen shows is computed by plain functions on frozen snapshots; widgets only place it, and
send the cells that changed. numpy is imported by the reading thread, behind the first frame.
"""
