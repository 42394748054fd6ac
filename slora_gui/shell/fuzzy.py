"""Fuzzy matching for the command palette: letters in order, with better marks for words and runs."""

from __future__ import annotations

from functools import cache

_START_OF_WORD = 8
_NEXT_LETTER = 5
_LETTER = 1


def score(query: str, text: str) -> int | None:
    """How well ``text`` answers ``query``; None if not every letter of the query occurs in order. "" answers all."""
    wanted, found = query.casefold().replace(" ", ""), text.casefold()

    @cache
    def best(letter: int, start: int) -> int | None:
        if letter == len(wanted):
            return 0
        marks: list[int] = []
        at = found.find(wanted[letter], start)
        while at >= 0:
            rest = best(letter + 1, at + 1)
            if rest is not None:
                word = at == 0 or not found[at - 1].isalnum()
                joined = at == start and letter > 0
                marks.append(_LETTER + _START_OF_WORD * word + _NEXT_LETTER * joined + rest)
            at = found.find(wanted[letter], at + 1)
        return max(marks, default=None)

    return best(0, 0)
