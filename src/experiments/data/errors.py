"""The one error a user's data can raise."""


class DataError(Exception):
    """The data cannot be trained on; the message says what is wrong and what to do, ready to be shown."""
