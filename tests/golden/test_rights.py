"""config/rbac: one table of rights, what is made from it, and what a plugin that is switched off no longer asks for."""
import subprocess
import sys

import pytest
import yaml

from renderer import ROOT, run

RBAC = ROOT / "config" / "rbac"
TABLE = yaml.safe_load((RBAC / "source" / "rights.yaml").read_text())["rights"]


def generate(*words):
    return subprocess.run([sys.executable, RBAC / "generate", *words], capture_output=True, text=True, check=False)


def rules(scopes, *disabled):
    done = generate("--print", scopes, "--disable", ",".join(disabled))
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["rules"]


def allowed(scopes, *disabled):
    """verb resource.group[/part] of every rule."""
    found = set()
    for rule in rules(scopes, *disabled):
        assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"], rule
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                name, slash, part = resource.partition("/")
                found |= {f"{verb} {name}{'.' + group if group else ''}{slash}{part}" for verb in rule["verbs"]}
    return found


def test_the_manifests_are_up_to_date():
    done = generate("--check")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_every_right_belongs_to_the_core_or_a_plugin_that_there_is():
    listed = run("plugin", "list")
    assert listed.returncode == 0, listed.stderr
    words = set(listed.stdout.split())
    assert {r["plugin"] for r in TABLE} - words == {"core"}
    assert all(r["why"].strip() for r in TABLE)


GONE = {
    "tls": {"create issuers.cert-manager.io", "patch certificates.cert-manager.io", "patch secrets"},
    "ingress": {"create ingresses.networking.k8s.io", "delete routes.route.openshift.io"},
    "netpolicy": {"create networkpolicies.networking.k8s.io"},
    "autoscaler": {"create roles.rbac.authorization.k8s.io", "create serviceaccounts", "patch pods/resize"},
    "auth": {"create secrets"},
    "legacy": {"create rayclusters.ray.io", "delete services", "patch services", "update rayclusters.cluster.ray.io/finalizers"},
    "worker": set(),
}


@pytest.mark.parametrize("plugin", GONE)
def test_a_plugin_that_is_switched_off_has_no_rights(plugin):
    assert allowed("namespace") - allowed("namespace", plugin) >= GONE[plugin]
    assert allowed("namespace", plugin) <= allowed("namespace")


def test_secrets_need_no_right_without_the_two_that_make_them():
    assert not [r for r in allowed("namespace", "auth", "tls") if "secrets" in r]


def test_what_still_releases_finalizers_may_do_so():
    """A cluster whose fault tolerance was switched off afterwards is not held for ever."""
    off = allowed("namespace", "gcsft", "autoscaler", "legacy")
    assert {"patch rayclusters.ray.io", "create jobs.batch", "watch persistentvolumeclaims", "patch rayclusters.cluster.ray.io"} <= off
    assert "create persistentvolumeclaims" not in off


def test_the_own_namespace_gives_the_lease_alone():
    assert allowed("own") == {f"{verb} leases.coordination.k8s.io" for verb in ("get", "watch", "create", "update")}
