"""Names of data sets as a reader sees them: `npz:data/cifar100.npz:classes=10` is `cifar100, 10 classes`."""

import html
from collections.abc import Callable, Iterable
from pathlib import PurePath

LONGEST = 24
_FILE = "npz:"
_OPTIONS = {"classes": "{} classes", "per_class": "{} a class"}


class Name(str):
    """A short name; in a page, the full one is its title."""

    full: str

    def __new__(cls, short: str, full: str) -> "Name":
        name = super().__new__(cls, short)
        name.full = full
        return name

    def __html__(self) -> str:
        """What a template shows for it."""
        text = html.escape(str.__str__(self))
        if self.full == self:
            return text
        return f'<span title="{html.escape(self.full)}">{text}</span>'


def short_names(names: Iterable[str]) -> dict[str, Name]:
    """Short names by the full ones, all different: as short as that allows."""
    full = tuple(dict.fromkeys(names))
    shortened: tuple[Callable[[str], str], ...] = (
        lambda name: _short(name, pixels=False, folders=0),
        lambda name: _short(name, pixels=True, folders=0),
        lambda name: _short(name, pixels=True, folders=1),
    )
    found: list[str] = []
    for short in shortened:
        found = [_cut(short(name)) for name in full]
        if len(set(found)) == len(full):
            break
    else:
        found = [f"{text} ({number})" for number, text in enumerate(found, start=1)]
    return {name: Name(text, name) for name, text in zip(full, found, strict=True)}


def _short(name: str, *, pixels: bool, folders: int) -> str:
    """A name with its options in words.

    Args:
      name: as data sets are asked for.
      pixels: say how large the images are, where the name does.
      folders: how many of a file's folders to name.
    """
    first, *options = name.removeprefix(_FILE).split(":")
    if name.startswith(_FILE):
        path = PurePath(first)
        first = "/".join([*path.parent.parts[-folders:][:folders], path.stem])
    words = [first]
    for option in options:
        key, _, value = option.partition("=")
        if key.isdecimal():
            words += [f"{key} px"] if pixels else []
        elif key in _OPTIONS:
            words.append(_OPTIONS[key].format(value))
        else:
            words.append(f"{key} {value}".strip())
    return ", ".join(words)


def _cut(text: str) -> str:
    """Without its middle, if it is too long: names often differ at their ends."""
    if len(text) <= LONGEST:
        return text
    end = LONGEST // 2
    return f"{text[: LONGEST - end - 1]}\N{HORIZONTAL ELLIPSIS}{text[-end:]}"
