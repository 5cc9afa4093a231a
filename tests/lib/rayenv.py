"""A Python that has Ray (about 300 MB), for the few tests that run what the operator writes for it."""
from lib import pyenv

VERSION = "2.60.0"


def python(bound=600):
    """The interpreter's path; the first call installs Ray."""
    return pyenv.python("ray", VERSION, bound)
