"""Which sampled steps are looked at closely: the first, then some, as windows pool them anyway.

Of a small model every look costs a share of all that is measured, so what is dear is rarer still.
The distances are odd: data that come again every 2^n steps must not always be seen at one place.
"""

from __future__ import annotations

CRITERION_FIRST = 256
CRITERION_EVERY = 3
PRINTS_FIRST = 64
PRINTS_EVERY = 16
"""Of pairs of steps, and in step with what comes again: then the same batch is seen twice."""
CLOSE_FIRST = 8
CLOSE_EVERY = 17


class Rhythm:
    """What to look at in the sampled step under way."""

    def __init__(self) -> None:
        self.criterion = True
        """The criterion's loss, entropies and confidence."""
        self.prints = True
        """Fingerprints of inputs and targets."""
        self.close = True
        """Shares, ranges and features of predictions, targets and inputs."""
        self._sampled = 0
        self._criterion_at = self._close_at = 0

    def begin(self, step: int) -> None:
        """Choose for the sampled step number `step`."""
        count = self._sampled
        self._sampled += 1
        self.prints = count < PRINTS_FIRST or step % PRINTS_EVERY < 2
        self.close = count < CLOSE_FIRST or step >= self._close_at + CLOSE_EVERY
        due = count < CRITERION_FIRST or step >= self._criterion_at + CRITERION_EVERY
        self.criterion = due or self.prints or self.close
        if due:
            self._criterion_at = step
        if self.close:
            self._close_at = step

    def passed(self) -> None:
        """Note that a backward pass of the step was looked at: of further ones only the losses."""
        self.prints = self.close = False
