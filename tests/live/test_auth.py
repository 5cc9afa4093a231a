"""The Secret with a cluster's token is made once, is trusted whoever made it, goes with the cluster, and is told to nobody."""
import base64

import pytest

from lib import ray
from lib.kube import World

TOKEN = {"rayVersion": "2.53.0", "authOptions": {"mode": "token"}}


@pytest.fixture
def auth(live):
    """A test that also watches Secrets, and starts its own operator: with all that it could log."""
    live.secrets = World(live.kube, live.ns, kinds=("secrets",))
    live.worlds.append(live.secrets)
    yield live


def lead(live):
    return live.start(sets=["operator.log-level=debug"])


def secret(live, name):
    return live.secrets.wait_for(lambda w: next((s for s in w.all("secrets") if s["metadata"]["name"] == name), None), what=f"Secret {name}")


def creates(live):
    """Codes of our POSTs of Secrets."""
    return [e["responseStatus"]["code"] for e in live.writes(resource="secrets", verbs=("create",))]


def sources(live, cluster):
    """Names of the Secrets that the containers of the pods take their token from."""
    found = set()
    for pod in live.world.pods(cluster):
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
            for env in container.get("env", []):
                if env["name"] == "RAY_AUTH_TOKEN":
                    found.add(env["valueFrom"]["secretKeyRef"]["name"])
    return found


def untold(op, made):
    """Neither the token nor what the API server keeps of it stands in the log."""
    for text in (made["data"]["auth_token"], base64.b64decode(made["data"]["auth_token"]).decode()):
        assert text not in op.text()


@pytest.mark.asan
def test_a_token_is_made_once_is_kept_over_a_restart_and_is_never_told(auth):
    op = lead(auth)
    cluster = auth.create(ray.cluster("tok", ("small", 1), **TOKEN))
    auth.world.wait_for(ray.ready("tok", 1))
    made = secret(auth, "tok")
    assert made["metadata"]["labels"] == {"ray.io/cluster": "tok"} and made["type"] == "Opaque"
    assert [(r["kind"], r["uid"], r["controller"]) for r in made["metadata"]["ownerReferences"]] == [("RayCluster", cluster["metadata"]["uid"], True)]
    assert list(made["data"]) == ["auth_token"]
    token = base64.b64decode(made["data"]["auth_token"])
    assert len(base64.b64decode(token, validate=True)) == 32, "the token is text: base64 of 32 bytes"
    assert sources(auth, "tok") == {"tok"}
    op.stop()
    again = lead(auth)
    auth.scale("tok", 3)
    auth.world.wait_for(ray.ready("tok", 3))
    assert secret(auth, "tok") == made
    assert creates(auth) == [201]
    assert not auth.world.events("tok", "CreatedSecret"), "no pod ran without it"
    for one in (op, again):
        untold(one, made)


@pytest.mark.asan
def test_somebody_elses_secret_is_trusted_and_asked_for_once(auth):
    auth.kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs", "namespace": auth.ns}, "stringData": {"auth_token": "words of theirs"}})
    before = secret(auth, "theirs")
    op = lead(auth)
    auth.create(ray.cluster("theirs", ("small", 1), **TOKEN))
    auth.world.wait_for(ray.ready("theirs", 1))
    for n in (2, 3):
        auth.scale("theirs", n)
        auth.world.wait_for(ray.ready("theirs", n))
    assert creates(auth) == [409]
    assert secret(auth, "theirs") == before and sources(auth, "theirs") == {"theirs"}
    assert not [e for e in auth.world.events("theirs") if e["type"] == "Warning"]
    untold(op, before)


def test_a_deleted_secret_is_made_again_with_another_token_and_that_is_told(auth):
    lead(auth)
    auth.create(ray.cluster("lost", ("small", 1), **TOKEN))
    auth.world.wait_for(ray.ready("lost", 1))
    made, pods = secret(auth, "lost"), auth.world.names(cluster="lost")
    auth.kube.delete("secrets", auth.ns, "lost")
    auth.secrets.wait_for(lambda w: any(s["metadata"]["uid"] != made["metadata"]["uid"] for s in w.all("secrets") if s["metadata"]["name"] == "lost"), what="another Secret")
    assert secret(auth, "lost")["data"] != made["data"]
    auth.world.wait_for(lambda w: w.events("lost", "CreatedSecret"), what="an event")
    assert auth.world.names(cluster="lost") == pods, "running pods are not touched"
    assert creates(auth) == [201, 201]


def test_the_secret_goes_with_its_cluster_and_with_nothing_else(auth):
    lead(auth)
    for name in ("gone", "stays"):
        auth.create(ray.cluster(name, ("small", 1), **TOKEN))
        auth.world.wait_for(ray.ready(name, 1))
    kept = secret(auth, "stays")
    secret(auth, "gone")
    auth.kube.delete("rayclusters", auth.ns, "gone")
    auth.secrets.wait_for(lambda w: not [s for s in w.all("secrets") if s["metadata"]["name"] == "gone"], what="the Secret to go")
    assert secret(auth, "stays") == kept


def test_a_long_name_has_a_secret_of_its_own_and_one_of_the_peer_stays_in_use(auth):
    ours, theirs = "o" * 53, "t" * 53
    cluster = auth.create(ray.cluster(theirs, ("small", 1), **TOKEN))
    auth.kube.create({"apiVersion": "v1", "kind": "Secret", "stringData": {"auth_token": "made by the peer"}, "metadata": {
        "name": theirs[-50:], "namespace": auth.ns, "labels": {"ray.io/cluster": theirs}, "ownerReferences": [{
            "apiVersion": "ray.io/v1", "kind": "RayCluster", "name": theirs, "uid": cluster["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]}})
    auth.create(ray.cluster(ours, ("small", 1), **TOKEN))
    lead(auth)
    for name, used in ((ours, ours), (theirs, theirs[-50:])):
        auth.world.wait_for(ray.ready(name, 1))
        assert sources(auth, name) == {used}
    assert creates(auth) == [201]


def test_switched_off_no_right_to_secrets_is_needed(auth):
    where, name, group = auth.ns, "no-secrets", "rbac.authorization.k8s.io"
    rules = [r for r in auth.kube.request("GET", f"/apis/{group}/v1/clusterroles/raykeeper")["rules"] if r["resources"] != ["secrets"]]
    rules.append({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]})
    auth.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": where}})
    auth.kube.apply({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": name, "namespace": where}, "rules": rules})
    auth.kube.apply({"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": where},
                     "roleRef": {"apiGroup": group, "kind": "Role", "name": name}, "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": where}]})
    op = auth.start(auth.plane.account_kubeconfig(where, name), sets=[f"operator.watch={where}", "plugins.disable=auth,tls"])
    auth.create(ray.cluster("off", ("small", 1), **TOKEN))
    auth.world.wait_for(ray.ready("off", 1))
    assert sources(auth, "off") == set() and creates(auth) == []
    assert op.http("/readyz")[0] == 200
