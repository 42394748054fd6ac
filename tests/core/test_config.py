"""Settings of the wrong kind are refused by name, whatever Python makes of them."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from slora_core.config import RunConfig
from slora_core.errors import ConfigError


def fields(kinds, model=RunConfig, prefix=()):
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(kinds, field.annotation, (*prefix, name))
        elif field.annotation in kinds:
            yield (*prefix, name)


def nested(path, value):
    for name in reversed(path):
        value = {name: value}
    return value


@pytest.mark.parametrize("path", list(fields((int, float))), ids=".".join)
def test_a_flag_is_no_number(path):
    name = ".".join(path)
    with pytest.raises(ConfigError, match=f"{name} = True: expected a number"):
        RunConfig().merged(nested(path, True))


def test_flags_are_flags():
    paths = list(fields((bool,)))
    assert len(paths) >= 11
    for path in paths:
        for value in (True, False):
            found = RunConfig().merged(nested(path, value)).to_dict()
            for name in path:
                found = found[name]
            assert found is value


@pytest.mark.parametrize("section", ["operators", "classifiers"])
@pytest.mark.parametrize("value", [3, 1.5, True, None])
def test_names_are_texts(section, value):
    with pytest.raises(ConfigError, match=rf"{section}\.names = {value}: expected names among"):
        RunConfig().merged({section: {"names": value}})
