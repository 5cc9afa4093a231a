"""Options of the tests in this folder."""


def pytest_addoption(parser):
    parser.addoption("--accept", action="store_true", help="write want.yaml anew, for review by hand, instead of comparing")
