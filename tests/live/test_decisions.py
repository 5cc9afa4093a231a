"""The decision log: each write has its line and its reason; what waits is told once; what does not change makes none."""
import json
import signal

import pytest

from lib import ray


class Decisions:
    def __init__(self, live, path):
        self.live, self.path = live, path

    def all(self, **fields):
        if not self.path.exists():
            return []
        rows = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [r for r in rows if r["namespace"] == self.live.ns and all(r.get(k) == v for k, v in fields.items())]


@pytest.fixture
def decisions(live, tmp_path):
    return Decisions(live, tmp_path / "decisions.log")


def start(live, decisions, *sets):
    return live.start(sets=(f"operator.log-decisions={decisions.path}", *sets))


@pytest.mark.asan
def test_each_deletion_of_a_scale_down_has_a_line_with_its_reason(live, decisions):
    op = start(live, decisions)
    obj = ray.cluster("story", ("small", 4))
    obj["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": "hunter2-of-the-head"}]
    uid = live.create(obj)["metadata"]["uid"]
    live.world.wait_for(ray.ready("story", 4))
    made = {r["name"]: r for r in decisions.all(what="create", kind="v1/Pod", outcome="done")}
    assert set(made) == live.world.names()
    for row in made.values():
        assert row["why"] == "wanted, and not there" and row["plugin"] in ("head", "worker") and row["generation"] == 1, row
    live.scale("story", 1)
    live.world.wait_for(ray.ready("story", 1))
    gone = {e["objectRef"]["name"] for e in live.writes(verbs=("delete",), resource="pods")}
    rows = decisions.all(what="delete", kind="v1/Pod")
    assert len(gone) == 3 and sorted(r["name"] for r in rows) == sorted(gone)
    for r in rows:
        assert r["outcome"] == "done" and r["why"] and r["why"] != "not wanted", r
        assert (r["plugin"], r["group"] or "small", r["owner"], r["ownerKind"], r["ownerUid"], r["generation"]) == (
            "worker", "small", "story", "ray.io/v1/RayCluster", uid, 2), r
        assert r["epoch"] >= 1 and r["msg"] == "decision"
    assert "hunter2" not in decisions.path.read_text()
    assert sorted(e["verb"] for e in live.writes() if e["objectRef"].get("subresource") != "status") == sorted(r["what"] for r in decisions.all())
    before = len(decisions.all())
    mark = op.mark()
    op.signal_worker(signal.SIGKILL)
    op.wait_said("leading", since=mark)
    live.create(ray.cluster("beside", ("small", 1)))
    live.world.wait_for(ray.ready("beside", 1))
    assert len(decisions.all(owner="story")) == before, "it was looked at again, and nothing was decided"


def test_what_is_held_is_told_once_for_each_pod(live, decisions):
    op = start(live, decisions, "breaker.floor=0", "breaker.percent=0", "breaker.window=1h")
    live.create(ray.cluster("held", ("small", 3)))
    live.world.wait_for(ray.ready("held", 3))
    victims = [p["metadata"]["name"] for p in live.world.pods("held", "worker")]
    for n, name in enumerate(victims):
        live.fail_pod(name)
        live.audit.wait_for(lambda n=n: len(decisions.all(outcome="held")) > n, 60, "the next line")
    rows = decisions.all(outcome="held")
    assert sorted(r["name"] for r in rows) == sorted(victims), "pass after pass says it; the log once"
    assert {(r["what"], r["outcomeWhy"]) for r in rows} == {("delete", "too many at once without a user's edit")}
    assert all(r["why"] and r["why"] != r["outcomeWhy"] for r in rows), rows
    assert not live.writes(verbs=("delete",), resource="pods")
    live.patch("held", {"metadata": {"annotations": {"seen-by": "an administrator"}}})
    live.world.wait_for(lambda o: not set(victims) & o.names(live=False) and ray.ready("held", 3)(o), 60)
    assert {r["name"] for r in decisions.all(what="delete", outcome="done")} == set(victims)
    assert op.running()


def test_a_refusal_is_told_once_while_it_is_the_same(live, decisions):
    start(live, decisions)
    live.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": live.ns}, "spec": {"hard": {"pods": "0"}}})
    live.audit.wait_for(lambda: (live.kube.get("resourcequotas", live.ns, "none").get("status") or {}).get("hard"), 60, "the quota in force")
    live.create(ray.cluster("refused", ("small", 1)))
    live.audit.wait_for(lambda: len(live.audit.rows(live.since, live.ns, verbs=("create",), resource="pods", code=403)) >= 6, 60, "some tries")
    rows = decisions.all(what="create", kind="v1/Pod", outcome="failed")
    assert 1 <= len(rows) <= 2, rows
    assert all(r["http"] == 403 and "exceeded quota" in r["err"] for r in rows)


def test_among_the_lines_of_the_log_they_take_the_place_of_the_plain_ones(live):
    op = live.start(sets=["operator.log-decisions=log"])
    live.create(ray.cluster("logged", ("small", 1)))
    live.world.wait_for(ray.ready("logged", 1))
    name = live.world.pods("logged", "head")[0]["metadata"]["name"]
    row = op.said("decision", what="create", name=name, outcome="done")
    assert row and row["plugin"] == "head" and row["level"] == "info"
    assert not op.said("create", name=name)


def test_a_place_that_cannot_be_written_is_a_wrong_configuration(live, tmp_path):
    op = live.start(lead=False, sets=[f"operator.log-decisions={tmp_path}/no/such/file"])
    assert op.ended() == 78 and f"{tmp_path}/no/such/file" in op.text()
    op = live.start(lead=False, sets=["operator.log-decisions=lgo"])
    assert op.ended() == 78 and "neither off nor log nor a path" in op.text()
