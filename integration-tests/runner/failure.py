"""A run that cannot go on, with what to do about it."""


class Failure(Exception):
    """Its text is for whoever started the run."""
