#!/bin/bash
# The runner builds the control plane and Helm before the clock of any suite runs, and says so when it cannot; .ci/deps knows its own words.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

verdict() { # name, file; the words that must be in it follow
    local name=$1 file=$2 word
    shift 2
    for word in "$@"; do
        if ! grep -qF -- "$word" "$file"; then
            cat "$file"
            echo "not ok - $name"
            return
        fi
    done
    echo "ok - $name"
}

.ci/deps amd64 >"$work/out" 2>&1
echo "exit $?" >>"$work/out"
verdict dependencies_of_what_there_is_not_are_refused_and_nothing_is_installed "$work/out" "deps: 'amd64': there are lint, build and arm64" "exit 2"

printf '#!/bin/sh\necho "no toolchain here"\nexit 1\n' >"$work/cp"
chmod +x "$work/cp"
RK_CP=$work/cp python3 tests/run --build "$work" live:crd >"$work/out" 2>&1
echo "exit $?" >>"$work/out"
verdict a_control_plane_that_cannot_be_built_fails_the_group_and_names_the_reason "$work/out" \
    "not ok - live: the control plane is built" "no toolchain here" "0 passed, 1 failed" "exit 1"

printf '#!/bin/sh\necho "built: $1" >>"%s/calls"\nexit 1\n' "$work" >"$work/cp"
RK_CP=$work/cp python3 tests/run --build "$work" abi:run >"$work/out" 2>&1
[ -e "$work/calls" ] && echo "the control plane was asked for" >>"$work/out" || echo "not asked for" >>"$work/out"
verdict groups_that_need_no_control_plane_do_not_wait_for_it "$work/out" "== abi: 1 suite" "not asked for"

printf '#!/bin/sh\necho "no modules here"\nexit 1\n' >"$work/helm"
chmod +x "$work/helm"
RK_HELM=$work/helm python3 tests/run --build "$work" helm >"$work/out" 2>&1
echo "exit $?" >>"$work/out"
verdict a_helm_that_cannot_be_built_fails_its_group_and_names_the_reason "$work/out" \
    "not ok - helm: Helm is built" "no modules here" "0 passed, 1 failed" "exit 1"

printf '#!/bin/sh\nexit 0\n' >"$work/true"
chmod +x "$work/true"
RK_CP=$work/true RK_HELM=$work/true RK_LANES=2 python3 tests/run --build "$work" live:test_ask live:test_suspend live:test_kill >"$work/out" 2>&1
echo "exit $?" >>"$work/out"
verdict suites_that_run_at_the_same_time_are_all_counted_and_told "$work/out" \
    "== live: 3 suites" "not ok - live/test_ask" "not ok - live/test_suspend" "not ok - live/test_kill" "live-2.log" "exit 1"
