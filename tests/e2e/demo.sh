#!/bin/bash
# raykeeper before your eyes: a real control plane with fake nodes (or the cluster of $KUBECONFIG), the operator, one RayCluster that becomes
# ready, grows to 5 workers and shrinks to 1. KEEP=1 leaves all of it running and says how to talk to it.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
cp=tests/controlplane/cp
dir=$root/build/demo
ns=${NAMESPACE:-default}
system=raykeeper-system
begin=${EPOCHREALTIME/[.,]/} # microseconds
operator='' own=''

seconds_since() { local us=$((${EPOCHREALTIME/[.,]/} - $1)); printf '%d.%02d' $((us / 1000000)) $((us % 1000000 / 10000)); }
say() { printf '\n== %7s s  %s\n' "$(seconds_since "$begin")" "$*"; }
fail() { printf '\ndemo failed: %s\n' "$*" >&2; [ -f "$dir/operator.log" ] && tail -n 20 "$dir/operator.log" >&2; exit 1; }
kc() { if [ -n "$own" ]; then "$cp" kubectl "$dir/cp" "$@"; else kubectl "$@"; fi; }

finish() {
    local code=$?
    trap - EXIT INT TERM
    if [ "${KEEP:-0}" = 1 ] && [ $code = 0 ]; then
        say "left running (KEEP=1)"
        [ -z "$own" ] || echo "   talk to it:   export KUBECONFIG=$dir/cp/kubeconfig   or   $cp kubectl $dir/cp get rayclusters,pods"
        echo "   operator log: $dir/operator.log (pid $operator)"
        echo "   end it:       kill $operator${own:+; $cp down $dir/cp --wipe}"
        exit 0
    fi
    if [ -n "$operator" ]; then
        kc -n "$ns" delete raycluster demo --ignore-not-found --wait=false >/dev/null 2>&1 || true
        kill "$operator" 2>/dev/null || true
        wait "$operator" 2>/dev/null || true
    fi
    [ -z "$own" ] || "$cp" down "$dir/cp" --wipe >/dev/null 2>&1 || true
    [ $code != 0 ] || say "cleaned up$([ -n "$own" ] || echo '; the CRD and the rights of config/ stay in your cluster')"
    exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM

# Wait for a jsonpath of the RayCluster to say something, by watching and not by asking again and again.
until_is() { # WHAT JSONPATH VALUE SECONDS
    kc -n "$ns" wait raycluster/demo --for="jsonpath=$2=$3" --timeout="$4s" >/dev/null || fail "$1 did not happen within $4 s"
}
show() { kc -n "$ns" get raycluster,pods,svc -l 'ray.io/cluster=demo' 2>/dev/null; kc -n "$ns" get raycluster demo; }

mkdir -p "$dir"
if [ -n "${KUBECONFIG:-}" ]; then
    say "using the cluster of KUBECONFIG=$KUBECONFIG"
    command -v kubectl >/dev/null || fail "kubectl is needed with KUBECONFIG"
    config=$KUBECONFIG
else
    say "starting a control plane: etcd, API server, controller manager, scheduler, 3 fake nodes"
    "$cp" down "$dir/cp" --wipe >/dev/null 2>&1 || true
    "$cp" up "$dir/cp" --nodes 3
    own=1
    config=$dir/cp/kubeconfig
fi

say "installing the CRD and the operator's rights"
kc apply -f config/crd/ray.io_rayclusters.yaml
kc apply -f config/rbac
kc wait --for=condition=Established crd/rayclusters.ray.io --timeout=30s >/dev/null
if [ -n "$own" ]; then # run with the rights of config/rbac and no others
    "$cp" serviceaccount "$dir/cp" $system raykeeper --out "$dir/operator.kubeconfig"
    config=$dir/operator.kubeconfig
fi

say "starting the operator (log: build/demo/operator.log)"
build/raykeeper run --kubeconfig "$config" --set leader-election.namespace=$system --set health.address=127.0.0.1:0 --set metrics.address=127.0.0.1:0 --set operator.log-format=text \
    >"$dir/operator.log" 2>&1 </dev/null &
operator=$!
for _ in $(seq 300); do
    grep -q ' leading' "$dir/operator.log" && break
    kill -0 "$operator" 2>/dev/null || fail "the operator ended"
    sleep 0.1
done
grep -q ' leading' "$dir/operator.log" || fail "the operator does not lead"

say "applying config/samples/raycluster.yaml"
applied=${EPOCHREALTIME/[.,]/}
kc -n "$ns" apply -f config/samples/raycluster.yaml
until_is "ready" '{.status.state}' ready 120
took=$(seconds_since "$applied")
say "ready $took s after it was applied"
show

say "scaling to 5 workers"
kc -n "$ns" patch raycluster demo --type=json -p '[{"op":"replace","path":"/spec/workerGroupSpecs/0/replicas","value":5}]'
until_is "5 ready workers" '{.status.readyWorkerReplicas}' 5 120
show

say "scaling back to 1 worker"
kc -n "$ns" patch raycluster demo --type=json -p '[{"op":"replace","path":"/spec/workerGroupSpecs/0/replicas","value":1}]'
until_is "1 ready worker" '{.status.readyWorkerReplicas}' 1 120
show
kc -n "$ns" get events.events.k8s.io -o custom-columns='REASON:.reason,NOTE:.note' --field-selector reportingController=raycluster-controller 2>/dev/null || true
say "the demo went well"
