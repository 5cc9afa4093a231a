# Completion of raykeeper's commands in bash. It knows nothing by itself: commands, options and words are those of --help, keys and values of --set
# those of `raykeeper conf`, so that plugins that are loaded are completed as well. Nothing asks a cluster.
#
# The Debian package puts it into /usr/share/bash-completion/completions/raykeeper; otherwise: source config/completion/raykeeper.bash

# What --set takes, one a line: `section.key=`, and `section.key=word` where only some words are legal. $@: how to call raykeeper.
_raykeeper_settings() {
    "$@" conf --document 2>/dev/null | awk '
        /^\[/ { section = substr($0, 2, index($0, "]") - 2); words = "" }
        /^; \(one of / { words = substr($0, 11, length($0) - 11) }
        /^; \(true or false\)/ { words = "true|false" }
        /^;[a-z0-9-]+ =/ {
            key = section "." substr($1, 2)
            print key "="
            n = split(words, word, "|")
            for (i = 1; i <= n; i++)
                print key "=" word[i]
            words = ""
        }'
}

# Words between bars behind this one in a help: `-o yaml|json` -> yaml json.
_raykeeper_choices() { # WORD HELP
    grep -oE -e "(^|[^[:alnum:]-])$1[ =][a-z][a-z-]*(\|[a-z][a-z-]*)+" <<<"$2" | head -n 1 | sed -E "s/^.*[ =]//; s/\|/\n/g"
}

_raykeeper() {
    local line=${COMP_LINE:0:COMP_POINT} current='' previous='' command='' help='' config='' candidates='' i
    local -a words program
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] || { current=${words[-1]}; unset 'words[-1]'; }
    program=("${words[0]}")
    for ((i = 1; i < ${#words[@]}; i++)); do
        [ "${words[i]}" = --config ] && config=${words[i + 1]-}
        [[ -n $command || ${words[i]} == -* ]] || command=${words[i]}
    done
    ((${#words[@]} < 2)) || previous=${words[-1]}
    COMPREPLY=()
    if [ -z "$command" ]; then
        candidates="$("${program[@]}" --help 2>/dev/null | sed -nE 's/^  ([a-z][a-z-]*) .*/\1/p')"$'\n--help\n--version'
    else
        help=$("${program[@]}" "$command" --help 2>/dev/null) || return 0
        case $previous in
            --set)
                candidates=$(_raykeeper_settings "${program[@]}")
                # Words of a value only when its key is there.
                [[ $current == *=* ]] || candidates=$(sed -n '/=$/p' <<<"$candidates")
                ;;
            --config | --kubeconfig | --socket) compopt -o default; return 0 ;;
            -*) candidates=$(_raykeeper_choices "$previous" "$help") ;;
            "$command") candidates=$(_raykeeper_choices "usage: raykeeper $command" "$help")
                [ -n "$candidates" ] || candidates=$(sed -nE "1s/^usage: raykeeper $command ([a-z]+)( .*|)$/\1/p" <<<"$help") ;;
        esac
        if [[ -z $candidates && $current == -* ]]; then
            candidates=$(grep -oE -e '(^|[^[:alnum:]-])--[a-z][a-z-]*[a-z]' <<<"$help" | sed -E 's/^[^-]//' | sort -u)
        fi
        [ -n "$candidates" ] || { compopt -o default; return 0; }
    fi
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
    # bash replaces only what stands behind the last of these in the word.
    for i in : =; do
        [[ $COMP_WORDBREAKS == *"$i"* && $current == *"$i"* ]] || continue
        local done=${current%"${current##*"$i"}"}
        COMPREPLY=("${COMPREPLY[@]#"$done"}")
        current=${current#"$done"}
    done
}
complete -F _raykeeper raykeeper
