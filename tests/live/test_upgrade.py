"""One version takes the place of another under running clusters, there and back: nobody's pods are touched, and nothing is made twice.

The other version is this one with another number: its program and its plugins are copies in which the version and the build are others, so that
they differ in every byte that names them, and in the digest of the plugins, as those of the next release do.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from lib import ray
from lib.operator import binary, build_dir

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")


def version(program):
    """(version, build) as the program says."""
    said = subprocess.run([program, "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    return re.match(r"raykeeper (\S+) \(build (\w+),", said).groups()


@pytest.fixture(scope="session")
def other(tmp_path_factory):
    """The program of the other version."""
    here = pathlib.Path(binary())
    folder = tmp_path_factory.mktemp("other-version")
    was, built = version(here)
    # The first character only: the linker lets shorter texts begin in the middle of longer ones.
    change = {text: ("2" if text[0] == "1" else "1") + text[1:] for text in (was, built)}
    (folder / "plugins").mkdir(mode=0o755)
    for file in [here, *sorted((here.parent / "plugins").glob("*.so"))]:
        copy = folder / file.relative_to(here.parent)
        data = file.read_bytes()
        assert was.encode() in data, f"{file.name} does not say its version"
        for old, new in change.items():
            data = data.replace(old.encode(), new.encode())
        copy.write_bytes(data)
        shutil.copymode(file, copy)
    assert version(folder / "raykeeper") == tuple(change.values())
    return str(folder / "raykeeper")


def start(live, program=None, *sets, **how):
    return live.start(program=program, sets=(f"operator.watch={live.ns}", *QUICK, *sets), **how)


def looked_at(live, op, clusters):
    live.audit.wait_for(lambda: (op.passed() or 0) >= clusters, 60, f"{clusters} clusters to be looked at and nothing to be left")


def several(live):
    """Clusters of several kinds, ready. Returns how many, and the names of their pods."""
    live.create(ray.cluster("plain", ("small", 3)))
    live.create(ray.cluster("strict", ("small", 2), upgradeStrategy={"type": "Recreate"}))
    live.create(ray.cluster("scaled", ("small", 1), enableInTreeAutoscaling=True))
    live.create(ray.cluster("slices", ray.group("multi", 2, numOfHosts=2)))
    resting = ray.cluster("resting", ("small", 1))
    resting["spec"]["suspend"] = True
    live.create(resting)
    for name, workers in (("plain", 3), ("strict", 2), ("scaled", 1)):
        live.world.wait_for(ray.ready(name, workers))
    live.world.wait_for(lambda w: w.status("slices").get("state") == "ready" and len(w.pods("slices")) == 5, what="the slices")
    live.world.wait_for(lambda w: w.status("resting").get("state") == "suspended", what="the cluster that rests")
    return 5, live.world.names()


def written(live, since):
    """All that was written since then, events aside."""
    return [(e["verb"], e["objectRef"]["resource"], e["objectRef"].get("name")) for e in live.writes(since=since) if e["objectRef"]["resource"] != "events"]


def test_an_upgrade_and_its_rollback_write_nothing_to_clusters_that_run(live, other):
    first = start(live)
    n, names = several(live)
    for program in (other, None):
        assert first.stop() == 0
        since = live.audit.mark()
        first = start(live, program)
        looked_at(live, first, n)
        assert written(live, since) == []
        assert live.world.names() == names


def test_of_two_replicas_the_new_one_goes_on_where_the_old_one_was(live, other):
    """As a Deployment rolls: the new pod stands by until the old one has gone, here in the middle of work."""
    old = start(live, None, "leader-election.identity=old")
    live.create(ray.cluster("big", ("small", 40)))
    new = start(live, other, "leader-election.identity=new", lead=False)
    new.wait_said("lease is held by another")
    live.world.wait_for(lambda w: len(w.pods(live=False)) >= 8, what="eight pods")
    assert old.stop() == 0
    new.wait_leading()
    live.world.wait_for(ray.ready("big", 40), 120)
    live.created(41)


def test_another_set_of_plugins_shapes_new_pods_and_leaves_old_ones(live, other):
    first = start(live)
    n, names = several(live)
    assert first.stop() == 0
    since = live.audit.mark()
    second = start(live, other, "plugins.disable=shm,probes", "plugin:site.env=SITE=here")
    looked_at(live, second, n)
    assert written(live, since) == [] and live.world.names() == names
    live.scale("plain", 4)
    live.world.wait_for(ray.ready("plain", 4))
    fresh, = live.world.names(cluster="plain") - names
    container = {p["metadata"]["name"]: p for p in live.world.pods("plain")}[fresh]["spec"]["containers"][0]
    assert {"name": "SITE", "value": "here"} in container["env"] and "livenessProbe" not in container
    assert [(verb, what) for verb, what, _ in written(live, since) if what == "pods"] == [("create", "pods")]


def test_a_version_that_dies_in_the_middle_of_its_work_leaves_it_to_the_other(live, other):
    new = start(live, other)
    live.create(ray.cluster("big", ("small", 40)))
    live.world.wait_for(lambda w: len(w.pods(live=False)) >= 8, what="eight pods")
    new.kill_both()
    start(live)
    live.world.wait_for(ray.ready("big", 40), 120)
    live.created(41)


def test_a_plugin_that_is_for_another_abi_stops_the_start_and_nothing_is_written(live, tmp_path):
    """A vendor's plugin that was not compiled anew: told with its file, exit code 78; the version before goes on as it was."""
    first = start(live)
    n, names = several(live)
    assert first.stop() == 0
    stale = os.path.join(os.environ.get("RK_BINARY_DIR") or os.path.join(build_dir(), "release"), "abi", "minor", "minor.so")
    since = live.audit.mark()
    refused = start(live, None, f"plugin:minor.file={stale}", lead=False)
    assert refused.ended() == 78
    assert "minor.so" in refused.text() and "plugin ABI" in refused.text(), refused.tail()
    first = start(live)
    looked_at(live, first, n)
    assert written(live, since) == [] and live.world.names() == names
