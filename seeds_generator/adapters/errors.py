"""What stops an adapter."""


class AdapterError(Exception):
    """The file cannot be read as the data set; one line says what, where and what to do."""
