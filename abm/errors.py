"""The few errors that asnsim raises on purpose; each message says what, where and what to do."""


class AsnsimError(Exception):
    """Base of every error that is meant for the user's eyes."""


class ScenarioError(AsnsimError):
    """A scenario, parameter or unit that cannot be accepted."""


class StateError(AsnsimError):
    """The population or the field has reached a state that must not occur."""


class NumericalError(AsnsimError):
    """A solver did not reach its tolerance."""


class RunFolderError(AsnsimError):
    """A run folder that is missing, unfinished, already there, or of another version."""
