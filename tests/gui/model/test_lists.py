"""Lists in a sentence, as the window's language parts them."""

from __future__ import annotations

from slora_gui.model.lists import listed


def test_things_are_parted_by_commas_and_the_rest_is_left_out(qapp):
    assert listed([]) == ""
    assert listed([3]) == "3"
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed("abc", 3) == "a, b, c"
    assert listed("abcd", 3) == "a, b, c..."


def test_chinese_parts_them_by_its_own_comma(chinese):
    assert listed(["a", "b"]) == "a、b"
