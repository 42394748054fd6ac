"""Tiles cover an axis exactly once with one width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slora_core.numerics.tiles import even_tiles


@given(positions=st.integers(1, 3000), most=st.integers(1, 3000), step=st.integers(1, 40))
def test_every_position_is_live_in_exactly_one_tile(positions: int, most: int, step: int) -> None:
    tiling = even_tiles(positions, most, step)
    assert tiling.width % step == 0
    assert tiling.width < max(most, step) + step
    assert tiling.length == max(positions, tiling.width)
    live: list[int] = []
    for tile in tiling.tiles():
        assert 0 <= tile.start <= tiling.length - tiling.width
        assert 0 <= tile.dead < tiling.width
        live += range(tile.start + tile.dead, tile.start + tiling.width)
    assert live == list(range(tiling.padding, tiling.length))
    assert len(list(tiling.tiles())) == tiling.parts


def test_tiles_are_even() -> None:
    assert even_tiles(7048, 512, 1).width == 504
    assert even_tiles(7048, 7048, 64) == (7048, 56, 7104, 1)
    assert even_tiles(7048, 512, 64) == (7048, 0, 512, 14)
    assert even_tiles(5, 100, 32) == (5, 27, 32, 1)
