#!/usr/bin/env bash
# Proves that the control plane is one. Usage: selftest.sh   (about a minute)
# Prints a line per check; exit status 1 if any failed.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cp=$here/cp
tmp=$(mktemp -d)
A=$tmp/a B=$tmp/b passed=0 failed=0

finish() {
  "$cp" down "$A" --wipe >/dev/null 2>&1
  "$cp" down "$B" --wipe >/dev/null 2>&1
  rm -rf "$tmp"
}
trap finish EXIT

ok() { passed=$((passed + 1)); echo "ok - $1"; }
not_ok() { failed=$((failed + 1)); echo "not ok - $1"; }

# check NAME COMMAND...: the command must succeed. Its output is shown if not.
check() {
  local name=$1
  shift
  if "$@" >"$tmp/out" 2>&1; then ok "$name"; else not_ok "$name"; sed 's/^/  # /' "$tmp/out" | tail -n 15; fi
}

# within SECONDS COMMAND...: the command must succeed before time is up.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# says TEXT COMMAND...: the command's output must contain the text.
says() {
  local text=$1 out
  shift
  out=$("$@" 2>&1)
  case $out in *"$text"*) ;; *) echo "$out"; return 1 ;; esac
}

# fails COMMAND...: the command must not succeed.
fails() { ! "$@"; }

a() { "$cp" kubectl "$A" "$@"; }

# audited DIR PATTERN...: one audit line must match all patterns.
audited() {
  local lines
  lines=$(cat "$1/audit.log")
  shift
  for pattern in "$@"; do lines=$(grep -- "$pattern" <<<"$lines") || { echo "no line with $pattern"; return 1; }; done
}

# processes DIR: how many live processes name the directory. Zombies have no
# command line and do not count.
processes() {
  local n=0 file
  for file in /proc/[0-9]*/cmdline; do
    case $(tr '\0' ' ' 2>/dev/null <"$file") in etcd*"$1/"* | kube-*"$1/"* | kwok*"$1/"*) n=$((n + 1)) ;; esac
  done
  echo "$n"
}

ready() { [ "$(a get pod "$1" -o 'jsonpath={.status.phase}/{.status.conditions[?(@.type=="Ready")].status}' 2>&1)" = "$2" ]; }
gone() { says NotFound a get "$@"; }
uid() { "$cp" kubectl "$1" get namespace kube-system -o 'jsonpath={.metadata.uid}'; }
differ() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]; }

# --- up, twice -------------------------------------------------------------
"$cp" help >/dev/null || { echo "not ok - the binary builds"; echo "0 passed, 1 failed"; exit 1; }
"$cp" up "$B" >"$tmp/b.out" 2>&1 &
second=$!
check "up starts a control plane" "$cp" up "$A"
check "up starts another at the same time" wait $second
check "all components are healthy" "$cp" status "$A"
check "the two are different clusters" differ "$(uid "$A")" "$(uid "$B")"
check "up refuses a directory that is up" says "already up" "$cp" up "$A"
check "env tells the server" grep -q '^SERVER=https://127.0.0.1:[0-9]*$' <("$cp" env "$A")
check "down of one leaves the other" eval '"$cp" down "$B" --wipe && [ ! -e "$B" ] && "$cp" status "$A"'
check "down of the second left no process" test "$(processes "$B")" = 0

# --- pods ------------------------------------------------------------------
pod() { # NAME [ANNOTATION] [OWNER-UID]
  local owner=
  [ -z "${3:-}" ] || owner="ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: $3}]"
  cat <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: $1
  annotations: {${2:-}}
  $owner
spec:
  containers: [{name: c, image: i, resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 1}}}]
EOF
}
create() { pod "$@" | a apply -f -; }

check "a pod is created" create plain
check "it becomes Running and Ready" within 10 ready plain Running/True
check "it has an address" eval '[ -n "$(a get pod plain -o "jsonpath={.status.podIP}")" ]'
check "it got a ServiceAccount token volume" says kube-api-access a get pod plain -o 'jsonpath={.spec.volumes[*].name}'
create held 'controlplane/hold: "1"' >/dev/null
create broken 'controlplane/fail: "1"' >/dev/null
check "a pod with controlplane/fail fails" within 10 ready broken Failed/False
check "a pod with controlplane/hold stays Pending" ready held Pending/
a annotate pod held controlplane/hold- >/dev/null
check "and starts without it" within 10 ready held Running/True
check "a failed pod stays Failed" ready broken Failed/False
check "a deleted pod goes away" a delete pod plain --timeout=10s

# --- garbage collection ----------------------------------------------------
a create configmap owner >/dev/null
create child '' "$(a get configmap owner -o 'jsonpath={.metadata.uid}')" >/dev/null
within 10 ready child Running/True
check "a pod with an owner runs" ready child Running/True
a get pod child -o name >"$tmp/child"
a delete configmap owner >/dev/null
check "deleting the owner deletes the pod" eval '[ -s "$tmp/child" ] && within 10 gone pod child'

# --- identities ------------------------------------------------------------
S=$tmp/sa.kubeconfig
check "serviceaccount writes a kubeconfig" "$cp" serviceaccount "$A" team robot --out "$S"
s() { a --kubeconfig "$S" "$@"; }
check "its user is the account" says system:serviceaccount:team:robot s auth whoami
check "RBAC refuses what is not granted" says Forbidden s get pods
a create role r --verb=get,list,create,patch --resource=configmaps,secrets -n team >/dev/null
a create rolebinding r --role=r --serviceaccount=team:robot -n team >/dev/null
check "RBAC allows what is granted" within 5 s get configmaps
check "and not in another namespace" says Forbidden s get configmaps -n default
check "nobody is let in without credentials" says Unauthorized a --kubeconfig /dev/null get --raw /api \
  --server "$("$cp" env "$A" | sed -n 's/^SERVER=//p')" --certificate-authority "$A/pki/ca.crt" --token wrong

# --- audit log -------------------------------------------------------------
s create configmap noted --from-literal=key=body-is-here >/dev/null
s patch configmap noted --type=merge -p '{"data":{"key":"patch-is-here"}}' >/dev/null
s create secret generic hidden --from-literal=key=xyzzy >/dev/null
a create configmap by-admin >/dev/null
check "a write is audited with verb, userAgent, objectRef" audited "$A" '"verb":"create"' '"userAgent":"kubectl' \
  '"objectRef":{"resource":"configmaps","namespace":"default","name":"by-admin"'
check "an account's patch is audited with its body" audited "$A" '"verb":"patch"' '"username":"system:serviceaccount:team:robot"' \
  '"requestObject":{"data":{"key":"patch-is-here"}}'
check "an account's read is audited" audited "$A" '"verb":"list"' 'serviceaccount:team:robot' '"resource":"configmaps","namespace":"team"'
check "a secret is audited" audited "$A" '"verb":"create"' '"resource":"secrets","namespace":"team","name":"hidden"'
check "without its body" fails grep -q "$(printf xyzzy | base64)" "$A/audit.log"
check "a token is not in the audit log" fails grep -q "$(sed -n 's/.*token: //p' "$S")" "$A/audit.log"
check "kwok's writes are audited without bodies" audited "$A" '"level":"Metadata"' '"username":"controlplane:kwok"' '"subresource":"status"'

# --- outages ---------------------------------------------------------------
check "the apiserver stops" "$cp" stop "$A" apiserver
check "and is away" fails a get namespaces --request-timeout=2s
check "it starts again" "$cp" start "$A" apiserver
check "with its data" a get pod held
check "on its port, with its keys: the account's token is still good" s get configmap noted
for component in etcd controller-manager scheduler kwok; do
  check "$component restarts" "$cp" restart "$A" "$component"
done
check "then all works again" "$cp" wait "$A"
check "the scheduler can be paused" "$cp" pause "$A" scheduler
create waiting >/dev/null
sleep 1
check "then no pod is scheduled" says "Pending on ." a get pod waiting -o 'jsonpath={.status.phase} on {.spec.nodeName}.'
check "and resumed" "$cp" resume "$A" scheduler
check "then it is" within 20 ready waiting Running/True

# --- history ---------------------------------------------------------------
old=$(a get configmap by-admin -o 'jsonpath={.metadata.resourceVersion}')
list=$(a get --raw '/api/v1/namespaces/kube-system/serviceaccounts?limit=1' | grep -o '"continue":"[^"]*"' | cut -d'"' -f4)
a create configmap newer >/dev/null # compaction keeps the newest revision: move on
check "compact compacts" "$cp" compact "$A"
check "then an old revision is 410" says "too old" a get --raw "/api/v1/namespaces/default/configmaps?resourceVersion=$old&resourceVersionMatch=Exact"
check "and, after a restart of the apiserver, an old watch" eval '"$cp" restart "$A" apiserver && says "too old resource version" a get --raw "/api/v1/configmaps?watch=1&resourceVersion=$old&timeoutSeconds=2"'
check "and an old continue token" says "too old to display a consistent list" \
  a get --raw "/api/v1/namespaces/kube-system/serviceaccounts?limit=1&continue=$list"

# --- load ------------------------------------------------------------------
check "load creates clusters" says '"pods":12' "$cp" load "$A" --clusters 4 --workers 2 --namespace loaded
check "all of their pods" eval '[ "$(a get pods -n loaded --no-headers | wc -l)" = 12 ]'

# --- down ------------------------------------------------------------------
port=$("$cp" env "$A" | sed -n 's/^PORT_APISERVER=//p')
check "down stops" "$cp" down "$A"
check "no process is left" test "$(processes "$A")" = 0
check "the port is free" fails eval "exec 3<>/dev/tcp/127.0.0.1/$port"
check "down is idempotent" "$cp" down "$A"
check "up on old data" "$cp" up "$A"
check "has the old data" a get configmap newer
check "down --wipe removes all" eval '"$cp" down "$A" --wipe && [ ! -e "$A" ]'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
