#compdef lightjobs
# In ~/.zshrc, after compinit: eval "$(lightjobs completion zsh)"

_lightjobs() {
    local -a values shown
    local value help
    while IFS=$'\t' read -r value help; do
        values+=("$value")
        shown+=("$value${help:+  -- $help}")
    done < <("${words[1]}" completion zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    # Not _describe, which takes what follows a ":" for the description.
    if (( $#values )); then
        compadd -l -d shown -a values
    else
        _files
    fi
}

if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _lightjobs "$@"
else
    compdef _lightjobs lightjobs
fi
