"""Words follow their number."""

from __future__ import annotations

import pytest

from slora_core.wording import by_count, counted


@pytest.mark.parametrize(("number", "words"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (11, "11 files")])
def test_one_alone_is_in_the_singular(number, words):
    assert counted(number, "file") == words


def test_irregular_words_are_given():
    assert [counted(number, "class", "classes") for number in (1, 3)] == ["1 class", "3 classes"]
    assert [by_count(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]
