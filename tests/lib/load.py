"""What goes on in a namespace while a test does something else to the operators: clusters come, grow and are edited, workers are
deleted. It only asks for more, so that every pod that was ever made can be counted."""
import random
import threading

from lib import ray
from lib.kube import ApiError

PACE_S = 0.25


class Load(threading.Thread):
    CLUSTERS = 8

    def __init__(self, live, most=240):
        super().__init__(daemon=True, name="load")
        self.live, self.most, self.dice = live, most, random.Random(live.ns)
        self.workers, self.lost, self.over, self.trouble = {}, set(), threading.Event(), None
        self.turn = threading.Lock()
        self.start()

    def run(self):
        step = 0
        try:
            while not self.over.is_set():
                with self.turn:
                    self.act(step)
                step += 1
                self.over.wait(PACE_S)
        except (OSError, ApiError, AssertionError) as e:
            self.trouble = e

    def act(self, step):
        name = f"load-{step % self.CLUSTERS}"
        if name not in self.workers:
            self.live.create(ray.cluster(name, ("small", 2)))
            self.workers[name] = 2
        elif step % 3 == 0:
            self.live.patch(name, {"metadata": {"annotations": {"edit": str(step)}}})
        elif step % 7 == 0:
            self.lose(name)
        elif self.wanted() < self.most:
            self.live.scale(name, self.workers[name] + 2)
            self.workers[name] += 2

    def burst(self):
        """One worker more for every cluster, all at once."""
        with self.turn:
            for name in self.workers:
                self.live.scale(name, self.workers[name] + 1)
                self.workers[name] += 1

    def lose(self, name):
        with self.live.world.news:
            there = [p["metadata"] for p in self.live.world.pods(name, "worker")]
        if there:
            pod = self.dice.choice(there)
            try:
                self.live.kube.request("DELETE", f"/api/v1/namespaces/{self.live.ns}/pods/{pod['name']}",
                                       {"preconditions": {"uid": pod["uid"]}})
                self.lost.add(pod["uid"])
            except ApiError as e:
                if e.code not in (404, 409):
                    raise

    def wanted(self):
        """Pods that must have been made by the end."""
        return sum(n + 1 for n in self.workers.values()) + len(self.lost)

    def end(self):
        self.over.set()
        self.join(60)
        assert not self.is_alive() and self.trouble is None, f"the load: {self.trouble}"

    def converged(self, bound=120):
        """No more is asked for, and all that was is there: no pod too few, none twice."""
        self.end()
        self.live.world.wait_for(lambda w: all(ray.ready(name, n)(w) for name, n in self.workers.items()), bound,
                                 what=f"{self.workers} ready")
        self.live.created(self.wanted())
