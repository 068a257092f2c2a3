"""What a person may have meant by a command or an option that does not exist."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import click

from ..text import shortened


class CommandsWithSuggestions(click.Group, ABC):
    """A group that answers an unknown command with the ones that are spelled like it."""

    @abstractmethod
    def known(self) -> Sequence[str]:
        """The names that can be typed."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            raise click.UsageError(
                f"there is no command {shortened(name)!r}{_meant(_commands(name, self.known()))}",
                ctx,
            )
        return super().resolve_command(ctx, args)


def no_such_option(error: click.NoSuchOption) -> click.UsageError:
    """The error to show instead of `error`: it names the options that are spelled like the wrong
    one."""
    params = [] if error.ctx is None else error.ctx.command.get_params(error.ctx)
    names = [name for param in params for name in param.opts if name.startswith("--")]
    return click.UsageError(
        f"there is no option {shortened(error.option_name)!r}"
        f"{_meant(_options(error.option_name, names))}",
        error.ctx,
    )


def _commands(name: str, known: Sequence[str]) -> Iterable[str]:
    """What is of the group that is named (`job`), then what is spelled like the whole name, then
    what has its verb (`work`, `queue:work`)."""
    wanted = name.lower()
    verb = wanted.rpartition(":")[2]
    verbs = get_close_matches(verb, {each.rpartition(":")[2] for each in known}, n=2, cutoff=0.75)
    return [
        *(each for each in known if each.startswith(f"{wanted}:")),
        *get_close_matches(wanted, known, cutoff=0.66),
        *(each for each in known if each.rpartition(":")[2] in verbs),
    ]


def _options(option: str, known: Sequence[str]) -> Iterable[str]:
    wanted = "--" + option.lstrip("-").lower().replace("_", "-")
    return [
        *get_close_matches(wanted, known),
        *(each for each in known if each.startswith(wanted)),
    ]


def _meant(names: Iterable[str]) -> str:
    few = list(dict.fromkeys(names))[:5]
    return f"; did you mean {' or '.join(few)}?" if few else ""
