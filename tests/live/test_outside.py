"""Sections 5 and 6.8: what leads to a cluster from outside, and who may come: Ingress, serve Service, network policies. Made once, kept as the cluster
says, gone when nobody asks for them."""
import pytest

from lib import ray
from lib.kube import World


@pytest.fixture
def net(live):
    live.net = World(live.kube, live.ns, kinds=("ingresses", "networkpolicies", "services"))
    live.worlds.append(live.net)
    live.start()
    yield live


def named(live, plural, name):
    return live.net.wait_for(lambda w: w.tables[plural].get(name), what=f"{plural} {name}")


def settled(live, name, workers):
    """All is as it should be: from here on nothing is written but what the test asks for."""
    live.world.wait_for(ray.ready(name, workers))


def changes(live, resource):
    return [(e["verb"], e["objectRef"].get("name")) for e in live.writes(resource=resource)]


@pytest.mark.asan
def test_an_ingress_is_kept_as_the_cluster_says_and_goes_with_its_switch(net):
    obj = ray.cluster("door", ("small", 1))
    obj["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx", "example.com/timeout": "60"}
    obj["spec"]["headGroupSpec"].update(enableIngress=True, ingressOptions={"host": "ray.example.com", "path": "/door", "pathType": "Prefix"})
    net.create(obj)
    made = named(net, "ingresses", "door-head-ingress")
    rule = made["spec"]["rules"][0]
    assert made["spec"]["ingressClassName"] == "nginx" and made["metadata"]["annotations"]["example.com/timeout"] == "60"
    assert rule["host"] == "ray.example.com" and rule["http"]["paths"][0]["backend"]["service"] == {"name": "door-head-svc", "port": {"number": 8265}}
    settled(net, "door", 1)
    net.patch("door", {"spec": {"headGroupSpec": {"ingressOptions": {"host": "other.example.com"}}}})
    net.net.wait_for(lambda w: w.tables["ingresses"]["door-head-ingress"]["spec"]["rules"][0]["host"] == "other.example.com")
    net.kube.patch("ingresses", net.ns, "door-head-ingress", {"spec": {"ingressClassName": "wrong"}})
    net.net.wait_for(lambda w: w.tables["ingresses"]["door-head-ingress"]["metadata"]["generation"] >= 4
                     and w.tables["ingresses"]["door-head-ingress"]["spec"]["ingressClassName"] == "nginx", what="the class that the cluster says")
    net.patch("door", {"spec": {"headGroupSpec": {"enableIngress": False}}})
    net.net.wait_for(lambda w: "door-head-ingress" not in w.tables["ingresses"], what="no Ingress")
    assert [verb for verb, _ in changes(net, "ingresses")] == ["create", "patch", "patch", "delete"]


def test_somebody_elses_ingress_is_told_and_the_pods_do_not_wait(net):
    net.create({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "taken-head-ingress"},
                "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}})
    before = named(net, "ingresses", "taken-head-ingress")
    obj = ray.cluster("taken", ("small", 1))
    obj["spec"]["headGroupSpec"]["enableIngress"] = True
    net.create(obj)
    settled(net, "taken", 1)
    net.world.wait_for(lambda w: w.events("taken", "FailedToCreateIngress"))
    assert net.kube.get("ingresses", net.ns, "taken-head-ingress") == before


def test_policies_are_there_before_the_pods_and_follow_the_mode(net):
    net.create(ray.cluster("shut", ("small", 1), networkPolicy={"mode": "DenyAll", "head": {"ingressRules": [{"from": [{"podSelector": {}}]}]}}))
    head, workers = named(net, "networkpolicies", "shut-head"), named(net, "networkpolicies", "shut-workers-small")
    settled(net, "shut", 1)
    assert sorted(head["spec"]["policyTypes"]) == ["Egress", "Ingress"] and len(head["spec"]["ingress"]) == 2
    assert workers["spec"]["podSelector"]["matchLabels"] == {"ray.io/cluster": "shut", "ray.io/node-type": "worker", "ray.io/group": "small"}
    order = [e["objectRef"]["resource"] for e in net.writes(verbs=("create",)) if e["objectRef"]["resource"] in ("pods", "networkpolicies")]
    assert order[:2] == ["networkpolicies"] * 2 and order[2:] == ["pods"] * 2, order
    net.patch("shut", {"spec": {"networkPolicy": {"mode": "DenyAllIngress"}}})
    net.net.wait_for(lambda w: all(p["spec"]["policyTypes"] == ["Ingress"] and not p["spec"].get("egress") for p in w.all("networkpolicies")))
    net.kube.patch("networkpolicies", net.ns, "shut-head", {"spec": {"ingress": None}})
    net.net.wait_for(lambda w: len(w.tables["networkpolicies"]["shut-head"]["spec"].get("ingress") or []) == 2
                     and w.tables["networkpolicies"]["shut-head"]["metadata"]["generation"] >= 4, what="the rules that the cluster says")
    net.scale("shut", 2)
    settled(net, "shut", 2)
    assert [verb for verb, _ in changes(net, "networkpolicies")] == ["create"] * 2 + ["patch"] * 3
    net.patch("shut", {"spec": {"networkPolicy": None}})
    net.net.wait_for(lambda w: not w.all("networkpolicies"), what="no policy")
    assert not [e for e in net.world.events("shut") if e["type"] == "Warning"]


def test_the_serve_service_is_made_once_and_its_port_missing_stops_nobody(net):
    obj = ray.cluster("serving", ("small", 1))
    obj["metadata"]["annotations"] = {"ray.io/enable-serve-service": "true"}
    net.create(obj)
    made = named(net, "services", "serving-serve-svc")
    settled(net, "serving", 1)
    assert [(p["name"], p["port"]) for p in made["spec"]["ports"]] == [("serve", 8000)]
    assert made["metadata"]["ownerReferences"][0]["name"] == "serving"
    without = ray.cluster("mute", ("small", 1))
    without["metadata"]["annotations"] = {"ray.io/enable-serve-service": "true"}
    without["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"] = [{"name": "gcs", "containerPort": 6379}]
    net.create(without)
    settled(net, "mute", 1)
    net.world.wait_for(lambda w: w.events("mute", "FailedToCreateService"))
    assert "mute-serve-svc" not in net.net.tables["services"]
