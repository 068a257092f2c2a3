# In ~/.bashrc: eval "$(lightjobs completion bash)"

_lightjobs() {
    local line="${COMP_LINE:0:COMP_POINT}" given="" at before value word
    local -a words
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    word="${words[${#words[@]} - 1]}"
    # Readline takes ":" and "=" for the ends of words, and replaces only what follows the last one.
    for at in : =; do
        if [[ $COMP_WORDBREAKS == *"$at"* && $word == *"$at"* ]]; then
            before="${word%"$at"*}$at"
            [[ ${#before} -gt ${#given} ]] && given="$before"
        fi
    done
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        COMPREPLY+=("${value#"$given"}")
    done < <("$1" completion bash -- "${words[@]:1}" 2>/dev/null)
}

complete -o default -F _lightjobs lightjobs
