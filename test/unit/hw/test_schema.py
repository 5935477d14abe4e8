"""JSON data as dataclasses: each type takes what it says, and nothing else."""

from dataclasses import dataclass, field

import pytest

from nopt.hw.files.schema import SchemaError, read


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.5


@dataclass(frozen=True)
class Line:
    ends: tuple[Point, ...]
    name: str | None = None


@dataclass(frozen=True)
class Drawing:
    parts: list[Point | Line]
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    is_done: bool = False


def test_what_fits():
    data = {
        "parts": [{"x": 1}, {"ends": [{"x": 1, "y": 2}, {"x": -3}], "name": None}],
        "sizes": {"a": 4},
        "is_done": True,
    }
    line = Line((Point(1, 2.0), Point(-3)))
    assert read(Drawing, data) == Drawing([Point(1), line], {"a": 4}, True)
    assert type(read(Point, {"x": 1, "y": 2}).y) is float


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the whole: found [], expected an object"),
        ({}, "parts: found none, expected it"),
        ({"parts": {}}, "parts: found {}, expected a list"),
        ({"parts": [1]}, "parts[0]: found 1, expected an object"),
        ({"parts": [{"x": 1.0}]}, "parts[0].x: found 1.0, expected an integer"),
        ({"parts": [{"x": True}]}, "parts[0].x: found True, expected an integer"),
        ({"parts": [{"x": 1 << 63}]}, "parts[0].x: found 9223372036854775808, expected an integer"),
        ({"parts": [{"x": 1, "y": "2"}]}, "parts[0].y: found '2', expected a number"),
        ({"parts": [{"x": 1, "y": 1 << 99}]}, "parts[0].y: found 633825300114114700748351602688"),
        ({"parts": [{"ends": [[]]}]}, "parts[0].ends[0]: found [], expected an object"),
        ({"parts": [{"ends": [], "name": 5}]}, "parts[0].name: found 5, expected text"),
        ({"parts": [{"x": 1, "ends": []}]}, "parts[0].x: unknown, expected ends, name"),
        ({"parts": [], "sizes": {"a": None}}, "sizes.a: found None, expected an integer"),
        ({"parts": [], "is_done": 1}, "is_done: found 1, expected true or false"),
        ({"parts": "x" * 1000}, f"parts: found '{'x' * 59}…, expected a list"),
    ],
)
def test_what_does_not(data, message):
    with pytest.raises(SchemaError) as error:
        read(Drawing, data)
    assert str(error.value).startswith(message)


def test_other_keys_are_left_out_if_asked():
    assert read(Point, {"x": 1, "z": []}, strict=False) == Point(1)
