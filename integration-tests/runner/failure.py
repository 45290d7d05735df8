"""An error that ends the run."""


class Failure(Exception):
    """Its text is for the user, and says what to do."""
