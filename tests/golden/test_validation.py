"""What a cluster may not say: the rules of section 2 that the file of no other plugin has (2, 14 and the strategy), each with the path of what is wrong, and what
is just about allowed."""
import pytest

from renderer import allowed, refused

pytestmark = pytest.mark.asan

HEAD, GROUP, POLICY = "/spec/headGroupSpec", "/spec/workerGroupSpecs/0", "/spec/networkPolicy"
RULE = [{"ports": [{"port": 1}]}]


def cluster(head=None, group=None, name="g", origin=None, **spec):
    template = {"template": {"spec": {"containers": [{"name": "ray", "image": "i"}]}}}
    labels = {"ray.io/originated-from-crd": origin} if origin else {}
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c", "labels": labels},
            "spec": {**spec, "headGroupSpec": {**template, **(head or {})}, "workerGroupSpecs": [{"groupName": name, "replicas": 1, **template, **(group or {})}]}}


def twice(param):
    return {"resources": {"CPU": "1"}, "rayStartParams": {param: "1"}}


def policy(**fields):
    return cluster(networkPolicy=fields)


INGRESS, EGRESS, BOTH = {"mode": "DenyAllIngress"}, {"mode": "DenyAllEgress"}, {"mode": "DenyAll"}
REFUSED = {
    **{f"{param} twice": (cluster(head=twice(param)), f"{HEAD}/rayStartParams/{param}") for param in ("num-cpus", "num-gpus", "memory", "resources")},
    "resources of a group twice": (cluster(group=twice("memory")), f"{GROUP}/rayStartParams/memory"),
    "labels as a parameter of the head": (cluster(head={"rayStartParams": {"labels": "a=b"}}), f"{HEAD}/rayStartParams/labels"),
    "labels as a parameter of a group": (cluster(group={"rayStartParams": {"labels": ""}}), f"{GROUP}/rayStartParams/labels"),
    "a label's value that is none": (cluster(group={"labels": {"a": "b c"}}), f"{GROUP}/labels/a"),
    "a mode of policies that is none": (policy(mode="Allow"), f"{POLICY}/mode"),
    "ingress where only egress is denied": (policy(**EGRESS, head={"ingressRules": RULE}), f"{POLICY}/head/ingressRules"),
    "egress where only ingress is denied": (policy(**INGRESS, worker={"egressRules": RULE}), f"{POLICY}/worker/egressRules"),
    "egress of a group where only ingress is denied": (
        policy(**INGRESS, workerGroups=[{"groupName": "g"}, {"groupName": "g", "egressRules": RULE}]), f"{POLICY}/workerGroups/1/egressRules"),
    "rules of a group that is not there": (policy(workerGroups=[{"groupName": "other"}]), f"{POLICY}/workerGroups/0/groupName"),
    "a group whose name no policy can have": (cluster(name="Big.one", networkPolicy={}), f"{GROUP}/groupName"),
    "a strategy that is none": (cluster(upgradeStrategy={"type": "Rolling"}), "/spec/upgradeStrategy/type"),
    "a strategy of a job's cluster": (cluster(origin="RayJob", upgradeStrategy={"type": "None"}), "/spec/upgradeStrategy/type"),
    "a strategy of a service's cluster": (cluster(origin="RayService", upgradeStrategy={"type": "Recreate"}), "/spec/upgradeStrategy/type"),
}
ALLOWED = {
    "resources and other parameters": cluster(head={"resources": {"CPU": "1"}, "rayStartParams": {"port": "7000"}}),
    "resources and an empty parameter": cluster(head={"resources": {"CPU": "1"}, "rayStartParams": {"num-cpus": ""}}),
    "no resources": cluster(head={"resources": {}, "rayStartParams": {"num-cpus": "1"}}),
    "a label without a value": cluster(group={"labels": {"example.com/a": ""}}),
    "policies without a mode": policy(head={"ingressRules": RULE, "egressRules": RULE}),
    "rules of both kinds": policy(**BOTH, worker={"ingressRules": RULE}, workerGroups=[{"groupName": "g", "egressRules": RULE}]),
    "rules of the kind that is denied": policy(**EGRESS, head={"ingressRules": [], "egressRules": RULE}),
    "a group's name without a policy": cluster(name="Big.one"),
    "a strategy": cluster(upgradeStrategy={"type": "Recreate"}),
    "a job's cluster without one": cluster(origin="RayJob", upgradeStrategy={}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_its_path(tmp_path, what):
    refused(tmp_path, *REFUSED[what])


@pytest.mark.parametrize("what", ALLOWED)
def test_allowed(tmp_path, what):
    allowed(tmp_path, ALLOWED[what])
