"""The audit log of the control plane: who asked for what, and what was answered."""
import json
import threading
import time
import uuid

OURS = "raykeeper/"
WRITES = ("create", "update", "patch", "delete", "deletecollection")


class Audit:
    def __init__(self, path, kube):
        self.path, self.kube = path, kube

    def mark(self):
        """A place in the log: what comes after it was answered after now."""
        with open(self.path, "rb") as f:
            return f.seek(0, 2)

    def lines(self, since=0):
        with open(self.path, "rb") as f:
            if since:
                f.seek(since - 1)
                f.readline()  # a mark may fall into a line that was being written: that line came before it
            for raw in f:
                if not raw.endswith(b"\n"):
                    return  # being written
                yield json.loads(raw)

    def rows(self, since=0, ns=None, agent=OURS, verbs=None, resource=None, code=None, subresource=None):
        found = []
        for e in self.lines(since):
            ref = e.get("objectRef", {})
            if (e["stage"] == "ResponseComplete" and e.get("userAgent", "").startswith(agent)
                    and (ns is None or ref.get("namespace") == ns) and (verbs is None or e["verb"] in verbs)
                    and (resource is None or ref.get("resource") == resource)
                    and (subresource is None or ref.get("subresource", "") == subresource)
                    and (code is None or e.get("responseStatus", {}).get("code") == code)):
                found.append(e)
        return found

    def writes(self, ns, since=0, **which):
        """Ours in one namespace, without events and the Lease."""
        return [e for e in self.rows(since, ns, **{"verbs": WRITES, **which})
                if e["objectRef"]["resource"] not in ("events", "leases")]

    def settle(self, since=0, bound=30):
        """Returns when everything answered before now is in the log. A line is written just after its answer, so a
        question of our own is asked and its line waited for; the file tells nobody that it grew, so it is looked at."""
        name = f"audit-{uuid.uuid4().hex}"
        since = max(since, self.mark())
        self.kube.find("configmaps", "default", name)
        end, pause = time.monotonic() + bound, threading.Event()
        while not any(e.get("objectRef", {}).get("name") == name for e in self.lines(since)):
            if time.monotonic() > end:
                raise AssertionError(f"the audit log does not grow within {bound} s")
            pause.wait(0.01)

    def wait_for(self, look, bound=60, what=""):
        """What look() returned once it was true: for lines that are written later than what the test waited for."""
        end, pause = time.monotonic() + bound, threading.Event()
        while True:
            value = look()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"not in the audit log within {bound} s: {what() if callable(what) else what}")
            pause.wait(0.05)

    def pods_created(self, ns, since=0):
        """Names of the pods that were really made, each as often as it was made."""
        return [(e.get("responseObject") or {}).get("metadata", {}).get("name") or e["objectRef"].get("name")
                for e in self.rows(since, ns, verbs=("create",), resource="pods", code=201, subresource="")]

    def describe(self, ns, limit=25):
        rows = [f"  {e['requestReceivedTimestamp'][11:23]} {e['verb']} {e['objectRef']['resource']}"
                f"{'/' + e['objectRef']['subresource'] if 'subresource' in e['objectRef'] else ''} "
                f"{e['objectRef'].get('name') or ((e.get('responseObject') or {}).get('metadata') or {}).get('name', '')} "
                f"{e.get('responseStatus', {}).get('code')} {e.get('responseStatus', {}).get('message', '')[:160]}"
                for e in self.rows(ns=ns, verbs=WRITES)]
        return "\n".join([f"--- audit log: {len(rows)} writes of ours in {ns}"] + rows[-limit:])

    def pods_abandoned(self, ns, since=0):
        """Names in creates whose asker was gone before the answer: a killed process, a cut connection. The store may
        have made the pod all the same; the log then says 504 and `context canceled`."""
        return [(e.get("requestObject") or {}).get("metadata", {}).get("name") or e["objectRef"].get("name")
                for e in self.rows(since, ns, verbs=("create",), resource="pods", subresource="")
                if e.get("responseStatus", {}).get("code", 0) in (0, 499) or e["responseStatus"]["code"] >= 500]

    def assert_pods_created(self, ns, wanted, ever, since=0, bound=30):
        """The pods created equal the pods wanted. `ever`: uid -> name of all pods that were ever seen in the namespace.
        Each of them was made by one create of ours that was answered, or whose asker was killed; there are no others."""
        self.settle(since)

        def told():
            made, cut = self.pods_created(ns, since), set(self.pods_abandoned(ns, since))
            return set(ever.values()) <= set(made) | cut

        self.wait_for(told, bound, lambda: f"creates of {sorted(set(ever.values()) - set(self.pods_created(ns, since)))}")
        made = self.pods_created(ns, since)
        problems = []
        if len(ever) != wanted or len(set(ever.values())) != wanted:
            problems.append(f"{len(ever)} pods, {len(set(ever.values()))} names have been seen")
        if len(made) != len(set(made)):
            problems.append(f"created twice: {sorted(n for n in set(made) if made.count(n) > 1)}")
        if set(made) - set(ever.values()):
            problems.append(f"created and never seen: {sorted(set(made) - set(ever.values()))}")
        assert not problems, f"{wanted} pods wanted; {'; '.join(problems)}\n{self.describe(ns, 400)}"
