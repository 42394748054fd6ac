import pytest
from hypothesis import given
from hypothesis import strategies as st

from slora_core.errors import ConfigError
from slora_core.memory.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("256MiB", 268_435_456),
        ("8GB", 8_000_000_000),
        ("0.5g", 536_870_912),
        (".5 GiB", 536_870_912),
        ("2 kb", 2_000),
        ("2K", 2_048),
        ("1tib", 1_099_511_627_776),
        ("  7 b ", 7),
        ("4096", 4096),
        (4096, 4096),
        ("1.5", 1),
        ("9007199254740993", 2**53 + 1),
    ],
)
def test_sizes_as_people_write_them(text, size):
    assert parse_size(text) == size


NO_SIZES = ["", "MiB", "12 parsecs", "-1GiB", "1,5GB", "0", "0.4", "0MiB", "nan", "1 2MiB", None]
TOO_LARGE = ["9" * 400, 2**63, "8388608TiB"]


@pytest.mark.parametrize("text", [*NO_SIZES, *TOO_LARGE])
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(ConfigError, match="memory size") as refused:
        parse_size(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (85_458_944, "81.5 MiB"),
        (16_320_000_000, "15.2 GiB"),
        (5 * 1024**4, "5 TiB"),
        (None, "not available"),
    ],
)
def test_sizes_are_printed_in_iec_units(size, text):
    assert format_size(size) == text


@given(st.integers(1, 2**50))
def test_a_printed_size_reads_back_within_its_four_digits(size):
    assert parse_size(format_size(size)) == pytest.approx(size, rel=1e-3)
