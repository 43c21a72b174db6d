"""How the command fails by itself: one line on standard error, status 125."""


class Failure(Exception):
    """Janus itself cannot go on; the text says why."""

    status = 125
