"""An installation as a user makes it, on a control plane that has nothing of ours; and the operator of its Deployment.

The pods of the Deployment are made, admitted and scheduled, but nothing runs in them: nodes are fake. What would run there is started here: the program with the
container's arguments and configuration, with the rights of the pod's account and no others."""
import itertools
import os

import yaml

from lib.controlplane import ROOT, ControlPlane
from lib.kube import World

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
# Whether another operator lives, asked of the whole cluster.
LEASES = "/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.name%3Dray-operator-leader"
TABLE = os.path.join(ROOT, "config", "rbac", "source", "rights.yaml")


class Bare(ControlPlane):
    """Nothing is installed: what the test does is all that there is."""

    def install(self, crd):
        self.kubectl, self.settled = lambda *args: self.cp("kubectl", *args), False

    def settle(self):
        """After the CRDs, once: the garbage collector would learn of new kinds within 30 s."""
        if self.settled:
            return
        self.settled = True
        self.established("rayclusters.ray.io")
        self.cp("restart", "controller-manager")
        self.cp("wait")


def rolled_out(kube, ns, name, replicas, bound=90):
    """The Deployment whose pods are all of its newest template, admitted, scheduled and ready."""
    world = World(kube, ns, ("deployments", "pods"))

    def done(w):
        d = w.tables["deployments"].get(name)
        status = (d or {}).get("status", {})
        return (d and status.get("observedGeneration") == d["metadata"]["generation"] and status.get("updatedReplicas") == replicas
                and status.get("availableReplicas") == replicas and status.get("replicas") == replicas and d)

    try:
        return world.wait_for(done, bound, f"{replicas} pods of {name}")
    finally:
        world.close()


def pods_of(kube, deployment):
    labels = ",".join(f"{k}={v}" for k, v in deployment["spec"]["selector"]["matchLabels"].items())
    return kube.list("pods", deployment["metadata"]["namespace"], labels)


def start(live, deployment, folder, **how):
    """The operator of this Deployment, here."""
    ns, pod = deployment["metadata"]["namespace"], deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == ["run", "--config", "/etc/raykeeper/raykeeper.ini"] and "command" not in container
    (source,) = (v["configMap"] for v in pod["volumes"] if v["name"] == "config")
    data = live.kube.get("configmaps", ns, source["name"])["data"]
    for item in source.get("items") or [{"key": key, "path": key} for key in data]:
        path = folder / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data[item["key"]])
    # In a pod the Lease is in the namespace of the account.
    sets = (*QUICK, f"leader-election.namespace={ns}", "debug.socket=")
    kubeconfig = live.plane.account_kubeconfig(ns, pod["serviceAccountName"])
    env = {e["name"]: e["value"] for e in container.get("env", [])}
    return live.start(kubeconfig, config=str(folder / "raykeeper.ini"), sets=sets, env=env, **how)


def user(deployment):
    return f"system:serviceaccount:{deployment['metadata']['namespace']}:{deployment['spec']['template']['spec']['serviceAccountName']}"


def asked(live, who, since):
    """(answer, verb, resource.group[/part]) of all requests of a user, with their URIs. What a namespace refuses because it goes is left out: that is no matter of rights."""
    live.audit.settle()
    for e in live.audit.rows(since):
        if e["user"]["username"] == who and "because it is being terminated" not in e["responseStatus"].get("message", ""):
            ref = e.get("objectRef", {})
            group, part = ref.get("apiGroup"), ref.get("subresource")
            what = ref.get("resource", "") + (f".{group}" if group else "") + (f"/{part}" if part else "")
            yield e["responseStatus"].get("code"), e["verb"], what, e["requestURI"]


def refused(live, who, since):
    return sorted({uri for code, _, _, uri in asked(live, who, since) if code in (401, 403)})


def may(kube, who, verb, resource, ns=None, group="", name=None):
    """`kubectl auth can-i`, for a service account."""
    attributes = {"verb": verb, "group": group, "resource": resource.partition("/")[0], "subresource": resource.partition("/")[2], "namespace": ns or "", "name": name or ""}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
              "spec": {"user": who, "groups": ["system:serviceaccounts", "system:authenticated"], "resourceAttributes": attributes}}
    return kube.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]


def granted(scopes, disabled=()):
    """{(verb, resource.group[/part]): is it for seldom occasions alone} of the table of rights."""
    with open(TABLE, encoding="utf-8") as f:
        rights = yaml.safe_load(f)["rights"]
    found = {}
    for r in rights:
        scope = r.get("scope", "namespace")
        if set(scope if isinstance(scope, list) else [scope]) & set(scopes) and r["plugin"] not in disabled:
            for group, resource, verb in itertools.product(r["apiGroups"], r["resources"], r["verbs"]):
                name, slash, part = resource.partition("/")
                key = verb, f"{name}{'.' + group if group else ''}{slash}{part}"
                found[key] = found.get(key, True) and (verb == "get" or verb in r.get("seldom", {}))
    return found

