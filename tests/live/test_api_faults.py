"""Every way the API server, or something in front of it, answers wrongly, late or not at all: the operator behind a proxy that
does it on order (lib/faultproxy.py). What must hold is in docs/decisions/client-rules.md, section 12."""
import json
import re
import resource
import socket

import pytest
import yaml

from lib import ray
from lib.faultproxy import FaultProxy, status

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
PODS, CLUSTERS, LEASES = "/pods$", "/rayclusters$", "/leases"
METADATA = "PartialObjectMetadata"


@pytest.fixture
def proxy(live):
    it = FaultProxy(live.plane.kubeconfig)
    yield it
    for op in live.operators:  # before its way to the API server ends
        op.stop()
    it.close()


def lists(proxy, since=0, path=""):
    """Paged lists of a watcher: those of the comparison at the beginning of a leadership ask for metadata."""
    return [s for s in proxy.requests(since, method="GET", path=path, query="limit=")
            if METADATA not in s.headers.get("Accept", "")]


def streamed(proxy, since=0, path=""):
    return proxy.requests(since, path=path, query="sendInitialEvents=true")


def live_watches(proxy, since=0, path=""):
    return [s for s in proxy.requests(since, path=path, query="watch=1") if "sendInitialEvents" not in s.query]


def made(live, kinds="pods"):
    """The POSTs of our namespace: what another test left behind is still being tidied up."""
    return {"method": "POST", "path": f"/namespaces/{live.ns}/({kinds})$"}


def name_of(seen):
    return json.loads(seen.body)["metadata"]["name"]


# --- lists

@pytest.mark.asan
def test_lists_are_streamed_where_the_server_can(live, proxy):
    live.start(proxy.kubeconfig)
    live.create(ray.cluster("a", ("small", 2)))
    live.world.wait_for(ray.ready("a", 2))
    assert streamed(proxy, path=PODS) and streamed(proxy, path=CLUSTERS)
    assert not lists(proxy), "a page although the stream works"
    assert all("allowWatchBookmarks=true" in s.query and "timeoutSeconds=" in s.query for s in streamed(proxy))


REFUSALS = {
    # What a 1.31 server says without the feature, and what an older one or a proxy says of a parameter it does not know.
    "422": status(422, 'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden '
                       "for watch unless the WatchList feature gate is enabled"),
    "400": status(400, "unknown parameter", "BadRequest"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_server_that_refuses_streamed_lists_is_asked_for_pages(live, proxy, code):
    live.create(ray.cluster("before", ("small", 2)))
    with proxy.answer(int(code), REFUSALS[code], query="sendInitialEvents") as refusal:
        live.start(proxy.kubeconfig)
        live.world.wait_for(ray.ready("before", 2))
        live.scale("before", 3)
        live.world.wait_for(ray.ready("before", 3))
        pages = lists(proxy, path=PODS)
        assert pages and "limit=500" in pages[0].query and "resourceVersion=0" not in pages[0].query
        assert refusal.hits <= len({s.path for s in refusal.met}), "asked a kind twice"
        # Told to list anew, it remembers.
        with proxy.answer(410, status(410, "too old resource version", "Expired"), query="watch=1", path=PODS, times=1):
            mark = proxy.mark()
            proxy.sever(path=PODS, query="watch=1")
            proxy.wait_for(lambda: lists(proxy, mark, PODS), what="a page after the 410")
        assert not streamed(proxy, mark)
    live.created(4)


def test_a_swallowed_end_of_the_initial_events_ends_in_a_list(live, proxy):
    live.create(ray.cluster("deaf", ("small", 1)))
    with proxy.lines(lambda line: b"initial-events-end" not in line, query="sendInitialEvents"):
        live.start(proxy.kubeconfig)
        live.world.wait_for(ray.ready("deaf", 1))
    assert lists(proxy, path=PODS), "no page was asked for"
    live.created(2)


def test_a_watch_that_is_too_old_lists_anew_and_deletes_nothing(live, proxy):
    live.start(proxy.kubeconfig)
    live.create(ray.cluster("old", ("small", 3)))
    live.world.wait_for(ray.ready("old", 3))
    pods = live.world.names(cluster="old")
    error = b'{"type":"ERROR","object":' + status(410, "too old resource version: 1 (2)", "Expired") + b"}\n"
    mark = proxy.mark()
    # At the start of a watch as an answer and as an event, and on the list that follows.
    with proxy.answer(410, query="watch=1&allow", path=PODS, times=1), proxy.answer(200, error, query="watch=1", times=2), \
            proxy.answer(410, query="sendInitialEvents", path=PODS, times=1, skip=1):
        assert proxy.sever(query="watch=1")
        proxy.wait_for(lambda: [s for s in streamed(proxy, mark, PODS) if s.status == 200], what="a whole new list of pods")
        live.scale("old", 4)
        live.world.wait_for(ray.ready("old", 4))
    assert pods < live.world.names(cluster="old")
    live.created(5)


# --- writes

@pytest.mark.parametrize("when", ["before", "after"])
def test_errors_before_and_after_the_commit_make_each_pod_once(live, proxy, when):
    live.start(proxy.kubeconfig)
    answers = [(500, {}), (503, {"Retry-After": "1"}), (504, {})]
    rules = [proxy.answer(code, headers=headers, forward=when == "after", times=2, **made(live)) for code, headers in answers]
    service = proxy.answer(504, forward=when == "after", times=2, **made(live, "services"))
    live.create(ray.cluster("err", ("small", 6)))
    live.world.wait_for(ray.ready("err", 6), 120)
    assert [r.hits for r in (*rules, service)] == [2, 2, 2, 2]
    assert {name_of(s) for r in rules for s in r.met} <= live.world.names(cluster="err"), "a pod of another name was made instead"
    live.created(7)
    assert len(live.world.ever["services"]) == 1
    # The same for what goes.
    rules = [proxy.answer(code, headers=headers, forward=when == "after", method="DELETE",
                          path=f"/{live.ns}/pods/", times=1) for code, headers in answers]
    live.scale("err", 2)
    live.world.wait_for(ray.ready("err", 2), 120)
    assert sum(r.hits for r in rules) == 3
    live.created(7)


@pytest.mark.parametrize("where", ["request", "headers", "body", "body-clean"])
def test_a_create_whose_connection_breaks_makes_one_pod(live, proxy, where):
    live.start(proxy.kubeconfig)
    how = {"times": 4, **made(live)}
    rule = proxy.cut(200, reset=where == "body", **how) if where.startswith("body") else proxy.reset(where, **how)
    live.create(ray.cluster("cut", ("small", 5)))
    live.world.wait_for(ray.ready("cut", 5), 120)
    assert rule.hits == 4
    assert {name_of(s) for s in rule.met} <= live.world.names(cluster="cut")
    live.created(6)


def test_a_slow_answer_behind_its_watch_event_makes_nothing_twice(live, proxy):
    live.start(proxy.kubeconfig)
    with proxy.lag(**made(live)) as slow:
        live.create(ray.cluster("slow", ("small", 4)))
        live.world.wait_for(lambda o: len(o.pods("slow")) == 2, what="two pods, whose answers are on their way")
        live.scale("slow", 5)
        live.world.wait_for(lambda o: len([p for p in o.pods("slow") if p["status"]["phase"] == "Running"]) == 2)
        victim = live.world.pods("slow")[0]["metadata"]["name"]
        live.fail_pod(victim)
        live.world.wait_for(lambda o: [p for p in o.pods("slow") if p["status"]["phase"] == "Failed"])
        assert slow.hits == 2, "nothing more is created while the first answers are out"
    live.world.wait_for(lambda o: ray.ready("slow", 5)(o) and victim not in o.names(live=False), 120)
    live.created(7)  # the failed one was replaced, once


def test_a_foreign_pod_under_our_name_is_left_alone_and_another_name_is_taken(live, proxy):
    live.start(proxy.kubeconfig)
    with proxy.hold(times=1, **made(live)) as first:
        live.create(ray.cluster("theirs", ("small", 1)))
        first.wait_hits(1)
        name = name_of(first.met[0])
        foreign = live.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"whose": "theirs"}},
                               "spec": {"containers": [{"name": "c", "image": "i"}]}})
    live.world.wait_for(ray.ready("theirs", 1))
    assert name not in live.world.names(cluster="theirs")
    assert live.kube.get("pods", live.ns, name)["metadata"]["uid"] == foreign["metadata"]["uid"]


def test_a_storm_of_conflicts_is_met_with_growing_patience(live, proxy):
    live.start(proxy.kubeconfig)
    live.create(ray.cluster("storm", ("small", 1)))
    live.world.wait_for(ray.ready("storm", 1))
    with proxy.answer(409, method="PATCH", path="/rayclusters/storm/status", times=9) as storm:
        live.scale("storm", 2)
        storm.wait_hits(9)
    live.world.wait_for(ray.ready("storm", 2))
    at = [s.at for s in storm.met]
    assert at[-1] - at[-2] > 0.3, f"no patience: {[round(b - a, 2) for a, b in zip(at, at[1:])]}"
    live.created(3)


# --- too many requests

@pytest.mark.parametrize("after", ["1", None], ids=["with-retry-after", "without"])
def test_too_many_requests_stop_the_writes_and_not_the_lease(live, proxy, after):
    op = live.start(proxy.kubeconfig)
    headers = {"Retry-After": after} if after else {}
    storm = proxy.answer(429, headers=headers, times=6, skip=2, **made(live, "pods|services"))
    lease = proxy.answer(429, headers=headers, method="PUT", path=LEASES, times=2)
    live.create(ray.cluster("busy", ("small", 12)))
    live.world.wait_for(ray.ready("busy", 12), 120)
    assert storm.hits == 6
    lease.wait_hits(2)
    proxy.wait_for(lambda: [s for s in proxy.requests(method="PUT", path=LEASES) if s.at > lease.met[-1].at and s.status == 200],
                   what="a renewal after the refused ones")
    assert not op.said("lease lost") and not op.said("worker killed")
    if after:
        others = [s for s in proxy.seen if s.at > storm.met[0].at + 0.2 and not s.watch and not re.search(LEASES, s.path)]
        assert others[0].at - storm.met[0].at >= 1, f"not left alone for a second: {others[0]}"
    live.created(13)


def test_a_watch_that_is_throttled_comes_back_without_a_list(live, proxy):
    live.start(proxy.kubeconfig)
    live.create(ray.cluster("calm", ("small", 1)))
    live.world.wait_for(ray.ready("calm", 1))
    mark = proxy.mark()
    with proxy.answer(429, headers={"Retry-After": "1"}, query="watch=1", times=4) as storm:
        proxy.sever(query="watch=1")
        storm.wait_hits(4)
        live.scale("calm", 2)
        live.world.wait_for(ray.ready("calm", 2))
    assert not streamed(proxy, mark) and not lists(proxy, mark)
    live.created(3)


def test_bursts_of_etcd_errors_cause_no_lists(live, proxy):
    op = live.start(proxy.kubeconfig)
    live.create(ray.cluster("etcd", ("small", 2)))
    live.world.wait_for(ray.ready("etcd", 2))
    mark = proxy.mark()
    leader_changed = status(500, "etcdserver: leader changed")
    with proxy.answer(500, leader_changed, path=f"/{live.ns}/(pods|services|rayclusters)", times=8), \
            proxy.answer(500, leader_changed, query="watch=1", times=6) as burst:
        proxy.sever(query="watch=1")
        live.scale("etcd", 4)
        burst.wait_hits(6)
    live.world.wait_for(ray.ready("etcd", 4), 120)
    assert not streamed(proxy, mark) and not lists(proxy, mark)
    assert not op.said("lease lost")
    live.created(5)


# --- watches

def test_a_watch_that_lags_makes_no_pod_and_kills_none_too_many(live, proxy):
    live.start(proxy.kubeconfig)
    live.create(ray.cluster("lag", ("small", 3)))
    live.world.wait_for(ray.ready("lag", 3))
    with proxy.lag(path=PODS, query="watch=1") as lag:
        live.scale("lag", 6)
        live.world.wait_for(lambda o: len(o.pods("lag", "worker")) == 6)
        live.fail_pod(live.world.pods("lag", "worker")[0]["metadata"]["name"])
        live.scale("lag", 4)
        live.world.wait_for(lambda o: len(o.pods("lag", "worker")) == 4)
        for replicas in (5, 3, 5):  # each is a pass over a cache that is behind, and nobody catches up
            live.scale("lag", replicas)
            live.world.wait_for(lambda o, n=replicas: len(o.pods("lag", "worker")) == n)
        live.audit.wait_for(lambda: lag.age() > 30, 60, "half a minute of lag")
        assert len(live.world.pods("lag", "worker")) == 5
    live.world.wait_for(lambda o: ray.ready("lag", 5)(o) and all(p["status"]["phase"] == "Running" for p in o.pods("lag")),
                        what="all pods running: who failed behind the lag is replaced")
    gone = [e for e in live.writes(verbs=("delete",), resource="pods", code=200)]
    names = [e["objectRef"]["name"] for e in gone]
    assert len(names) == len(set(names)), f"deleted twice: {names}"
    assert len(live.world.ever["pods"]) == 6 + len(names), "each pod that went was wanted away, each that came was wanted"


def test_a_new_leader_whose_watch_lags_writes_nothing_before_it_has_caught_up(live, proxy):
    first = live.start(sets=QUICK)
    second = live.start(proxy.kubeconfig, lead=False, sets=QUICK)
    second.wait_said("lease is held by another")
    with proxy.lag(path=PODS, query="watch=1", times=1) as lag:
        live.create(ray.cluster("warm", ("small", 4)))
        live.world.wait_for(ray.ready("warm", 4))
        lag.wait_hits(1)
        mark = proxy.mark()
        assert first.stop() == 0
        second.wait_leading(bound=60)
        # It saw none of the five pods. It has listed them now, and made nothing.
        assert streamed(proxy, mark, PODS)
        assert not proxy.requests(**made(live, "pods|services"))
    live.scale("warm", 5)
    live.world.wait_for(ray.ready("warm", 5))
    live.created(6)


def test_an_event_that_is_cut_in_its_middle_is_told_again(live, proxy):
    live.start(proxy.kubeconfig)
    live.create(ray.cluster("half", ("small", 2)))
    live.world.wait_for(ray.ready("half", 2))
    for reset in (False, True):
        mark = proxy.mark()
        cut = proxy.cut(300, reset=reset, path=PODS, query="watch=1", times=1)
        victim = live.world.pods("half", "worker")[0]["metadata"]["name"]
        live.kube.delete("pods", live.ns, victim)
        live.world.wait_for(lambda o, v=victim: v not in o.names(live=False) and ray.ready("half", 2)(o))
        cut.wait_hits(1)
        proxy.wait_for(lambda m=mark: live_watches(proxy, m, PODS), what="a new watch")
        assert not streamed(proxy, mark) and not lists(proxy, mark)
    live.created(5)


def test_nothing_is_deleted_while_the_pods_cannot_be_watched(live, proxy):
    """And the edit that asked for it still counts as one afterwards: the breaker lets it be."""
    op = live.start(proxy.kubeconfig, sets=["breaker.floor=0", "breaker.percent=0"])
    live.create(ray.cluster("blind", ("small", 4)))
    live.world.wait_for(ray.ready("blind", 4))
    with proxy.answer(503, path=PODS, query="watch=1") as refused:
        assert proxy.sever(path=PODS, query="watch=1")
        refused.wait_hits(2)
        live.scale("blind", 2)
        assert op.wait_said("deletions held")["held"] == 2
        live.world.wait_for(lambda o: "may be old" in (o.events("blind", "DeletionsHeld") or [{"note": ""}])[0]["note"], what="the event")
        live.scale("blind", 5)
        live.world.wait_for(lambda o: len(o.pods("blind", "worker")) == 5, what="a fifth worker: creation goes on, names double nothing")
        live.scale("blind", 2)
        op.wait_said("deletions held", held=3)
        assert not live.writes(verbs=("delete",))
    live.world.wait_for(ray.ready("blind", 2), 120)
    live.created(6)


def test_many_deletions_that_nobody_asked_for_are_held_and_told(live, proxy):
    """The breaker: half of the pods die at once, and no edit explains it. What is held is done when time or a user says so."""
    op = live.start(proxy.kubeconfig, sets=["breaker.floor=1", "breaker.percent=25", "breaker.window=5s"])
    live.create(ray.cluster("mass", ("small", 7)))
    live.world.wait_for(ray.ready("mass", 7))
    victims = [p["metadata"]["name"] for p in live.world.pods("mass", "worker")][:5]
    for name in victims:
        live.fail_pod(name)
    held = op.wait_said("deletions held")
    assert held["why"] == "too many at once without a user's edit", held
    live.world.wait_for(lambda o: o.events("mass", "DeletionsHeld"), what="the event")
    live.audit.settle()
    gone = len(live.writes(verbs=("delete",), resource="pods"))
    assert gone <= 3, f"{gone} of eight pods went at once"
    live.patch("mass", {"metadata": {"annotations": {"seen-by": "an administrator"}}})
    live.world.wait_for(lambda o: not set(victims) & o.names(live=False) and ray.ready("mass", 7)(o), 60)
    live.created(13)


def test_an_answer_that_is_no_json_changes_nothing(live, proxy):
    """A proxy's page of HTML under 200: for watches, the Lease, a create that was carried out, a delete and a status that were not."""
    op = live.start(proxy.kubeconfig)
    live.create(ray.cluster("html", ("small", 2)))
    live.world.wait_for(ray.ready("html", 2))
    page = b"<html><body>Please log in</body></html>"
    refused = proxy.answer(200, page, method="DELETE", path=f"/{live.ns}/pods/", times=1)
    live.scale("html", 1)
    live.world.wait_for(ray.ready("html", 1), what="one worker: the delete that nobody carried out is asked for again")
    assert refused.hits == 1
    rules = [proxy.answer(200, page, query="watch=1", path=PODS, times=2), proxy.answer(200, page, method="PUT", path=LEASES, times=1),
             proxy.answer(200, page, forward=True, times=1, **made(live)),
             proxy.answer(200, page, method="PATCH", path="/html/status", times=1)]
    proxy.sever(query="watch=1")
    live.scale("html", 4)
    live.world.wait_for(ray.ready("html", 4))
    for rule, n in zip(rules, (2, 1, 1, 1)):
        rule.wait_hits(n)
    assert not op.said("lease lost") and not op.said("worker killed")
    live.created(6)


# --- the machine below

def test_without_free_descriptors_it_degrades_and_comes_back(live, proxy):
    op = live.start(proxy.kubeconfig)
    live.create(ray.cluster("few", ("small", 1)))
    live.world.wait_for(ray.ready("few", 1))
    worker = op.worker()
    before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (3, before[1]))  # what is open stays open; nothing new can be
    try:
        proxy.sever(query="watch=1")
        live.audit.wait_for(lambda: op.http("/readyz")[0] == 503, 60, "a readyz that says that the watches are away")
        live.scale("few", 2)
    finally:
        resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    live.world.wait_for(ray.ready("few", 2), 120)
    live.audit.wait_for(lambda: op.http("/readyz")[0] == 200, 60, "ready again")
    assert op.worker() == worker, "nobody had to die for it"
    live.created(3)


def test_a_server_whose_name_nobody_knows_is_told_by_readyz(live, tmp_path):
    with open(live.plane.kubeconfig, encoding="utf-8") as f:
        conf = yaml.safe_load(f)
    conf["clusters"][0]["cluster"]["server"] = "https://kubernetes.invalid:6443"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(conf))
    path.chmod(0o600)
    op = live.start(str(path), lead=False)

    def told():
        code, text = op.http("/readyz")
        return code == 503 and "resolve" in text.lower()

    live.audit.wait_for(told, 60, "a readyz text that says that the name cannot be resolved")
    assert op.http("/healthz")[0] == 200
    assert op.stop() == 0


def test_an_api_server_on_ipv6_only_is_served(live):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    six = FaultProxy(live.plane.kubeconfig, host="::1")
    try:
        op = live.start(six.kubeconfig)
        live.create(ray.cluster("six", ("small", 1)))
        live.world.wait_for(ray.ready("six", 1))
        assert op.stop() == 0
    finally:
        six.close()
