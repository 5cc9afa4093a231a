# Sourced by what runs a Go program of the tests: builds it if it is missing and says where it is. The program lies outside the
# tree, under the hash of everything that makes it, so that no checkout, branch or clean-up ever makes anyone wait twice; after
# a change of our own files it is a relink. Two callers do not build twice.

# From 1.21 on Go fetches by itself the version that go.mod asks for; an older one fails with words about the module file.
go_is_new_enough() { # name
  local have
  have=$(cd / && GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || { echo "$1: needs Go 1.21 or newer to build; there is none" >&2; return 1; }
  [[ $have =~ ^go1\.(2[1-9]|[3-9][0-9]|[0-9]{3,}) || ! $have =~ ^go1\. ]] && return 0
  echo "$1: needs Go 1.21 or newer to build (it then fetches the version of go.mod itself); this is $have" >&2
  return 1
}

# Runs in a subshell with the lock held, on file descriptor 9.
go_build() { # name folder binary ldflags packages takes
  local name=$1 folder=$2 binary=$3 ldflags=$4 total=$5 takes=$6 start=$SECONDS count status=0
  [ ! -x "$binary" ] || return 0 # somebody else was faster
  temp=${binary%/*}/.build.$$ log=$temp.log pid= # global: the trap reads them
  mkdir -p "${binary%/*}"
  trap 'rm -f "$temp" "$log"; [ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT
  echo "$name: building (the first time takes about $takes on two cores)" >&2
  # The lock is not handed down (9>&-): only this shell says who builds.
  (cd "$folder" && exec env CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -v -trimpath -buildvcs=false \
    -ldflags "$ldflags" -o "$temp" .) >"$log" 2>&1 9>&- &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      sleep 1 9>&-
      kill -0 "$pid" 2>/dev/null || break 2
    done
    # -v names a package when it is done; a module being fetched has a colon.
    count=$(grep -c '^[^ :]*$' "$log" || true)
    echo "$name: building: $((SECONDS - start)) s, $count of about $total packages compiled" >&2
  done
  wait "$pid" || status=$?
  pid=
  if [ "$status" != 0 ]; then
    echo "$name: the build failed:" >&2
    grep -v '^[^ :]*$' "$log" | tail -n 30 >&2
    return 1
  fi
  mv "$temp" "$binary"
  echo "$name: built in $((SECONDS - start)) s: $binary" >&2
}

# Sets `binary`. The hash is of go.mod, go.sum, the Go files and, where there is one, the folder assets.
go_program() { # name folder ldflags packages takes
  local name=$1 folder=$2 cache=${RAYKEEPER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/raykeeper} key
  key=$(cd "$folder" && LC_ALL=C && shopt -s nullglob && sha256sum go.mod go.sum ./*.go assets/* | sha256sum | cut -c1-16)
  binary=$cache/$name-$key/$name
  [ ! -x "$binary" ] || return 0
  go_is_new_enough "$name" || return 1
  mkdir -p "$cache"
  (
    flock -n 9 || { echo "$name: another build is running, waiting for it" >&2; flock 9; }
    go_build "$name" "$folder" "$binary" "${@:3}"
  ) 9>"$cache/$name-build.lock"
}
