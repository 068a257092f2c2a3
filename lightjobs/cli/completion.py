"""The command completion."""

from __future__ import annotations

from collections.abc import Iterator

import click
from click.shell_completion import ShellComplete

from ..settings.config_files import TEMPLATES
from ..text import escaped


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_context
def completion(ctx: click.Context, shell: str, words: tuple[str, ...]) -> None:
    """Print a script that completes commands and options. For bash: eval "$(lightjobs completion
    bash)"."""
    if not words:
        script = TEMPLATES / "completion" / f"lightjobs.{shell}"
        click.echo(script.read_text(encoding="utf-8"), nl=False)
        return
    # What the scripts call: the words of the command line so far, of which the last is incomplete.
    for value, help in _completions(ctx.find_root().command, [*words[:-1]], words[-1]):
        click.echo(f"{escaped(value)}\t{escaped(help)}")


def _completions(cli: click.Command, before: list[str], word: str) -> Iterator[tuple[str, str]]:
    """What may stand in place of `word`, and a few words about each."""
    completer = ShellComplete(cli, {}, "lightjobs", "")
    option = word[: word.find("=") + 1] if word.startswith("-") else ""
    for item in completer.get_completions(before, word):
        if item.type == "plain":
            yield option + str(item.value), item.help or ""
