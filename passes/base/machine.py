"""The machine a module is compiled for: an attribute, so that printed IR is complete."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    f64,
    i64,
)
from xdsl.ir import Attribute

from nopt.hw.config import Config, ConfigError
from nopt.passes.base.places import about

ATTRIBUTE = "isa.machine"
DEFAULT = "rtl"


def attach(module: ModuleOp, config: Config) -> None:
    """Record `config` on the module: by name if it is a preset, else in full."""
    module.attributes[ATTRIBUTE] = _encoded(config)


def _encoded(config: Config) -> Attribute:
    try:
        if Config.load(config.name) == config:
            return StringAttr(config.name)
    except ConfigError:
        pass
    return DictionaryAttr({key: _attribute(value) for key, value in config.to_json().items()})


def _attribute(value: str | float | int | bool) -> Attribute:
    match value:
        case str():
            return StringAttr(value)
        case float():
            return FloatAttr(value, f64)
        case _:
            return IntegerAttr(int(value), i64)


def machine_of(module: ModuleOp) -> Config:
    """The module's machine, the RTL preset if none is attached.

    Raises ConfigError if the attribute does not describe a machine.
    """
    attribute = module.attributes.get(ATTRIBUTE)
    if attribute is None:
        return Config.load(DEFAULT)
    with about(module):
        try:
            return _decoded(attribute)
        except ConfigError as error:
            raise ConfigError(f"{ATTRIBUTE}: {error}") from None


def _decoded(attribute: Attribute) -> Config:
    match attribute:
        case StringAttr(data=name):
            return Config.load(name)
        case DictionaryAttr(data=entries):
            flags = {"alu_multiply", "acc_8bit_loads"}
            return Config.from_json(
                {
                    key: bool(value) if key in flags else value
                    for key, value in ((k, _plain(k, v)) for k, v in entries.items())
                }
            )
        case other:
            raise ConfigError(f"found {other}, expected a name or a dictionary")


def _plain(key: str, value: Attribute) -> int | float | str:
    match value:
        case StringAttr(data=text):
            return text
        case FloatAttr(value=real):
            return real.data
        case IntegerAttr(value=number):
            return number.data
        case _:
            raise ConfigError(f"{key}: found {value}, expected a number or a string")
