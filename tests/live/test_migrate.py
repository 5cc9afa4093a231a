"""What `raykeeper migrate` makes of every story is accepted by a real API server as it is: nothing is refused, nothing unknown is in it."""
import pytest
import yaml

from lib.kube import path_of, PLURAL
from lib.migrate import stories


@pytest.fixture(scope="module")
def kube_and_namespace(plane):
    return plane.kube, plane.namespace("migrate")


@pytest.mark.parametrize("story", stories(), ids=repr)
def test_a_server_takes_it(kube_and_namespace, story):
    """Unknown fields are errors under strict validation."""
    kube, ns = kube_and_namespace
    for obj in yaml.safe_load_all(story.want("want.yaml")):
        obj["metadata"]["namespace"] = ns
        path = path_of(PLURAL[obj["kind"]], ns) + "?dryRun=All&fieldValidation=Strict"
        made = kube.request("POST", path, obj)
        assert made["metadata"]["name"] == obj["metadata"]["name"]
