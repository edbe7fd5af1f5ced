extension CompletionTarget {
    /// It only passes on what is typed: every decision is `jrun complete`'s.
    var script: String {
        switch self {
        case .bash: bashScript
        case .zsh: zshScript
        case .fish: fishScript
        }
    }
}

// COMP_POINT counts bytes, so the line is cut in the C locale. `compopt -o default` with no candidates lets bash
// complete files as it does everywhere.
private let bashScript = #"""
    # Completion of jrun for bash. Made by `jrun completions bash`.

    _jrun() {
        local kind="" line LC_ALL=C
        COMPREPLY=()
        while IFS= read -r line; do
            if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
        done < <("${1/#\~/$HOME}" complete bash "$2" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
        case $kind in
            files) compopt -o default ;;
            directories) compopt -o dirnames ;;
            open) compopt -o nospace ;;
        esac
    }

    complete -F _jrun jrun

    """#

// As a file in fpath it is the function's body, run at the first completion; read by `eval` or `source` it has to
// register itself.
private let zshScript = #"""
    #compdef jrun
    # Completion of jrun for zsh. Made by `jrun completions zsh`.

    _jrun() {
        local -a answer matches shown space
        local line word help
        answer=("${(@f)$("${(Q)words[1]/#\~/$HOME}" complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
        case $answer[1] in
            files)
                compset -P '-*='
                _files
                return
                ;;
            directories)
                compset -P '-*='
                _files -/
                return
                ;;
        esac
        for line in "${(@)answer[2,-1]}"; do
            [[ -n $line ]] || continue
            word=${line%%$'\t'*}
            help=$word
            [[ $line == *$'\t'* ]] && help="$word  -- ${line#*$'\t'}"
            matches+=("$word")
            shown+=("$help")
        done
        [[ $answer[1] == open ]] && space=(-S '')
        compadd -l "${space[@]}" -d shown -a matches
    }

    if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
        _jrun "$@"
    else
        compdef _jrun jrun
    fi

    """#

private let fishScript = #"""
    # Completion of jrun for fish. Made by `jrun completions fish`.

    function __jrun_complete
        set -l words (commandline -opc)
        set -l word (commandline -ct)
        set -l program $words[1]
        set -e words[1]
        set -l answer ($program complete fish $words "$word" 2>/dev/null)
        switch "$answer[1]"
            case files directories
                set -l head (string match -r -- '^-[^=]*=' "$word")
                set -l rest (string replace -r -- '^-[^=]*=' '' "$word")
                set -l paths (__fish_complete_path "$rest" | string trim)
                if test "$answer[1]" = directories
                    set paths (string match -- '*/' $paths)
                end
                for path in $paths
                    printf '%s\n' "$head$path"
                end
            case '*'
                set -e answer[1]
                printf '%s\n' $answer
        end
    end

    complete -c jrun -f -a '(__jrun_complete)'

    """#
