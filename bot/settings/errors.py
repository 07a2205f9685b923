"""The one way settings fail."""


class SettingsError(Exception):
    """The configuration cannot be used; one line that names the key and never its secret."""
