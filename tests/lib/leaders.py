"""Several operators over one Lease: who led when, and who wrote when.

`Terms` reads both from the audit log, where every write of the Lease and every other write stand with the time at which the API
server had them, and compares them with the Lease as its watch told it. The operators have users of their own.
"""
from lib.audit import WRITES
from lib.kube import World
from lib.operator import wall

LEASE = "ray-operator-leader"


class LeaseWorld(World):
    """The Lease, and all that it ever was: a list of (kind of event, object)."""

    def __init__(self, kube, ns, name=LEASE):
        self.name, self.history = name, []
        super().__init__(kube, ns, ("leases",))

    def replaced(self, plural, table):
        if self.name in table:
            self.history.append(("LISTED", table[self.name]))
        super().replaced(plural, table)

    def changed(self, plural, what, obj):
        if obj["metadata"].get("name") == self.name:
            self.history.append((what, obj))
        super().changed(plural, what, obj)

    def spec(self):
        return self.tables.get("leases", {}).get(self.name, {}).get("spec", {})

    def holder(self):
        return self.spec().get("holderIdentity") or ""


class Claim:
    """A write of the Lease by an operator. `holder` "" is a release."""

    def __init__(self, user, holder, at, done):
        self.user, self.holder, self.at, self.done = user, holder, at, done


def name_of(entry):
    ref = entry["objectRef"]
    obj = entry.get("responseObject") or entry.get("requestObject") or {}
    return (f"{entry['verb']} {ref['resource']}{'/' + ref['subresource'] if 'subresource' in ref else ''} "
            f"{ref.get('name') or obj.get('metadata', {}).get('name', '')} {entry.get('responseStatus', {}).get('code')}")


class Terms:
    """`users`: user name -> what the test calls it."""

    def __init__(self, audit, lease, users, since):
        self.audit, self.lease, self.users, self.since = audit, lease, users, since

    def rows(self):
        return [e for e in self.audit.rows(self.since, verbs=WRITES) if e["user"]["username"] in self.users]

    def claims(self, rows):
        """In the order in which the store had them. A write whose answer was lost counts when the watch has seen it."""
        seen = {(o["spec"].get("holderIdentity") or "", o["spec"].get("renewTime")) for _, o in self.lease.history}
        found = []
        for e in rows:
            if e["objectRef"]["resource"] != "leases":
                continue
            spec = (e.get("requestObject") or {}).get("spec", {})
            what = (spec.get("holderIdentity") or "", spec.get("renewTime"))
            if e.get("responseStatus", {}).get("code") in (200, 201) or what in seen:
                found.append(Claim(self.users[e["user"]["username"]], what[0],
                                   wall(e["requestReceivedTimestamp"]), wall(e["stageTimestamp"])))
        return sorted(found, key=lambda c: c.at)

    def writes(self, rows):
        return [(self.users[e["user"]["username"]], wall(e["requestReceivedTimestamp"]), e)
                for e in rows if e["objectRef"]["resource"] != "leases"]

    def assert_one_writer(self, led=()):
        """Every write came within a term of its writer: after the store had its claim of the Lease, before that of anybody else,
        and not after its own release. `led`: who must have led, in this order."""
        self.audit.settle(self.since)
        rows = self.rows()
        claims, problems = self.claims(rows), []
        for who, at, entry in self.writes(rows):
            before = [c for c in claims if c.at <= at]
            last = before[-1] if before else None
            first = next((c for c in reversed(before) if c.user != who), None)
            term = [c for c in before if c.user == who and (first is None or c.at > first.at)]
            if last is None or last.user != who or not last.holder or term[0].done > at:
                problems.append(f"  {entry['requestReceivedTimestamp'][11:]} {who}: {name_of(entry)}, "
                                f"{'before any claim' if last is None else f'the Lease was {last.user}: {last.holder!r}'}")
        order = self.order(claims)
        if list(led) and order != list(led):
            problems.append(f"  led: {order}, wanted: {list(led)}")
        assert not problems, "more than one writer:\n" + "\n".join(problems[:40]) + "\n" + self.story(claims)

    @staticmethod
    def order(claims):
        """Who led, in turn."""
        found = []
        for c in claims:
            if c.holder and (not found or found[-1] != c.user):
                found.append(c.user)
        return found

    def first_claim(self, user, after):
        """When the store had this user's first claim after that time; the log is waited for."""
        def look():
            return next((c for c in self.claims(self.rows()) if c.user == user and c.holder and c.at > after), None)

        return self.audit.wait_for(look, 30, f"a claim of {user}").at

    def story(self, claims):
        lines = ["--- the Lease"]
        last = None
        for c in claims:
            if last is None or (c.user, c.holder) != (last.user, last.holder):
                lines.append(f"  {c.at:.3f} {c.user}: {c.holder!r}")
            last = c
        return "\n".join(lines)
