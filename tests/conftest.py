"""Options of the tests that compare with what was written down."""


def pytest_addoption(parser):
    parser.addoption("--accept", action="store_true", help="write want.yaml anew, for review by hand, instead of comparing")
