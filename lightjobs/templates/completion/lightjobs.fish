# lightjobs completion fish > ~/.config/fish/completions/lightjobs.fish

function __lightjobs_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] completion fish -- $words[2..-1] "$current" 2>/dev/null
end

complete -c lightjobs -f -a '(__lightjobs_complete)'
