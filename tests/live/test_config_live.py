"""`run` refuses what is wrong, names it and ends with 78; and what is told, is done."""
import os
import shutil

import pytest

from lib import ray
from lib.operator import build_dir

CONFIG = 78


def plugin_dir(tmp_path, but=()):
    """A copy of the bundled plugins that a test may spoil."""
    there = tmp_path / "plugins"
    there.mkdir(mode=0o755)
    for name in os.listdir(os.path.join(build_dir(), "plugins")):
        if name.endswith(".so") and name not in but:
            shutil.copy(os.path.join(build_dir(), "plugins", name), there / name)
            (there / name).chmod(0o755)
    return there


def refused(live, *words, **how):
    """It ends with 78 and says all these words on stderr."""
    op = live.start(lead=False, **how)
    code = op.ended()
    assert code == CONFIG, f"exit code {code}\n{op.tail()}"
    for word in words:
        assert str(word) in op.text(), f"{word!r} is not named\n{op.tail()}"
    assert not op.said("leading")


def ini(tmp_path, text, name="raykeeper.ini"):
    path = tmp_path / name
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_a_plugin_file_that_is_missing(live, tmp_path):
    conf = ini(tmp_path, f"[plugin:acme]\nfile = {tmp_path}/acme.so\n")
    refused(live, f"{tmp_path}/acme.so", f"{conf}:2", config=str(conf))


def test_a_plugin_that_others_may_write(live, tmp_path):
    there = plugin_dir(tmp_path)
    (there / "shm.so").chmod(0o757)
    refused(live, there / "shm.so", "writable", plugins=str(there))


def test_a_plugin_folder_that_others_may_write(live, tmp_path):
    there = plugin_dir(tmp_path)
    there.chmod(0o777)
    refused(live, there, "writable", plugins=str(there))


def test_a_plugin_that_is_not_elf(live, tmp_path):
    there = plugin_dir(tmp_path)
    (there / "shm.so").write_text("#!/bin/sh\n" + "echo not a plugin\n" * 50)
    refused(live, there / "shm.so", "ELF", plugins=str(there))


def test_a_shared_object_that_is_no_plugin_of_this_abi(live, tmp_path):
    conf = ini(tmp_path, f"[plugin:acme]\nfile = {tmp_path}/acme.so\n")
    # Any library will do: it has no rk_plugin_v0.
    with open("/proc/self/maps", encoding="ascii", errors="replace") as f:
        libc = next(line.split()[-1] for line in f if "/libc.so" in line or "/libc-" in line)
    shutil.copy(libc, tmp_path / "acme.so")
    (tmp_path / "acme.so").chmod(0o644)
    refused(live, f"{tmp_path}/acme.so", "rk_plugin_v0", config=str(conf))


def test_an_unknown_option_is_refused_with_its_line_and_the_nearest_spelling(live, tmp_path):
    conf = ini(tmp_path, "[operator]\nlog-level = info\n\n[plugin:shm]\nsizes = 1Gi\n")
    refused(live, f"{conf}:5", "sizes", "size", config=str(conf))


def test_an_option_of_the_core_that_is_unknown(live, tmp_path):
    conf = ini(tmp_path, "[leader-election]\nleese = 15s\n")
    refused(live, f"{conf}:2", "leese", "lease", config=str(conf))


def test_a_bad_value_is_refused_with_its_line(live, tmp_path):
    conf = ini(tmp_path, "[leader-election]\nlease = soon\n")
    refused(live, f"{conf}:2", "soon", config=str(conf))


def test_a_bad_value_of_a_plugin_is_refused_with_its_line(live, tmp_path):
    conf = ini(tmp_path, "[plugin:head]\n\nname = sometimes\n")
    refused(live, f"{conf}:3", "sometimes", config=str(conf))


def test_an_unknown_section_is_refused(live, tmp_path):
    conf = ini(tmp_path, "[operator]\nwatch =\n[leaders]\nlease = 15s\n")
    refused(live, conf, "leaders", config=str(conf))


def test_a_bad_set_names_itself(live):
    refused(live, "--set", "[operator] sweep", "never", sets=["operator.sweep=never"])


def test_a_config_file_that_is_missing(live, tmp_path):
    refused(live, tmp_path / "none.ini", config=str(tmp_path / "none.ini"))


def test_a_kubeconfig_that_is_missing(live, tmp_path):
    refused(live, tmp_path / "none", kubeconfig=str(tmp_path / "none"))


@pytest.mark.parametrize("watch, word", [("team-a, Team-B", "'Team-B'"), ("team_a", "'team_a'"), ("-a", "'-a'"), ("x" * 64, "xxx"),
                                         ("team-a, team-b, team-a", "'team-a' stands there twice")])
def test_a_watch_list_with_illegal_or_doubled_names_is_refused_with_its_line(live, tmp_path, watch, word):
    conf = ini(tmp_path, f"[operator]\nlog-level = info\nwatch = {watch}\n")
    refused(live, f"{conf}:3", "watch", word, config=str(conf))


def test_a_lease_in_a_namespace_that_cannot_be_is_refused(live):
    refused(live, "leader-election", "my.team", sets=["leader-election.namespace=my.team"])


def test_lease_times_that_do_not_fit_are_refused(live):
    refused(live, "leader-election", sets=["leader-election.lease=5s", "leader-election.renew=9s"])


@pytest.mark.asan
def test_a_drop_in_wins_over_the_file_and_set_over_both(live, tmp_path):
    conf = ini(tmp_path, "[plugin:head]\nname = random\n[operator]\nlog-level = debug\n")
    (tmp_path / "raykeeper.d").mkdir()
    ini(tmp_path / "raykeeper.d", "[plugin:head]\nname = fixed\n", "10-site.ini")
    live.start(config=str(conf))
    live.create(ray.cluster("conf", ("small", 1)))
    live.world.wait_for(ray.ready("conf", 1))
    assert live.world.names(cluster="conf", role="head") == {"conf-head"}


def test_with_the_worker_plugin_off_the_workers_that_are_there_stay(live):
    op = live.start()
    live.create(ray.cluster("off", ("small", 3)))
    w = live.world
    w.wait_for(ray.ready("off", 3))
    workers = w.names(cluster="off", role="worker")
    assert op.stop() == 0
    live.audit.settle()
    mark = live.audit.mark()
    live.start(sets=["plugins.disable=worker"])
    # Fewer are wanted, one has failed, the head is gone: only the head is somebody's business now.
    live.scale("off", 1)
    live.fail_pod(sorted(workers)[0])
    head = w.pods("off", "head")[0]["metadata"]["name"]
    live.kube.delete("pods", live.ns, head)
    w.wait_for(lambda o: o.pods("off", "head") and o.pods("off", "head")[0]["metadata"]["name"] != head, what="a new head")
    w.wait_for(lambda o: o.status("off").get("observedGeneration") == 2)
    assert w.names(cluster="off", role="worker", live=False) == workers
    assert [e for e in live.writes(since=mark) if e["verb"] == "delete"] == []


def test_a_watch_list_serves_these_namespaces_with_rights_only_there(live):
    """Roles instead of ClusterRoles: what the ClusterRole of config/rbac grants, bound in one namespace. All that it asks for beyond is, once
    a minute, whether it may look for operators elsewhere."""
    there, other = live.another()
    where, name = live.ns, "local"
    live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": where}})
    rules = live.kube.request("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/raykeeper")["rules"]
    leases = [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "watch", "create", "update"]}]
    group = "rbac.authorization.k8s.io"
    live.kube.apply({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": name, "namespace": where}, "rules": rules + leases})
    live.kube.apply({"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": where},
                     "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
                     "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": where}]})
    op = live.start(live.plane.account_kubeconfig(where, name), sets=[f"operator.watch={where}"])
    live.create(ray.cluster("mine", ("small", 1)), there)
    live.create(ray.cluster("mine", ("small", 1)))
    live.world.wait_for(ray.ready("mine", 1))
    live.scale("mine", 2)
    live.world.wait_for(ray.ready("mine", 2))
    assert not other.pods("mine") and not other.status("mine")
    refusals = [e for e in live.audit.rows(live.since) if e["responseStatus"].get("code") == 403
                and e["user"]["username"] == f"system:serviceaccount:{where}:{name}"]
    asked = [e["requestURI"] for e in refusals]
    assert set(asked) == {"/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.name%3Dray-operator-leader"} and len(asked) <= 3, asked
    assert op.http("/readyz")[0] == 200
