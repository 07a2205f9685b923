"""How a command fails."""


class CommandError(Exception):
    """The command could not do what it was asked; the text is one line for the operator."""
