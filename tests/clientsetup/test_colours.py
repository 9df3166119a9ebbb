"""A domain's colour can be read, whatever was chosen."""

import re

from hypothesis import given
from hypothesis import strategies as st

from controlpanel.clientsetup import colours
from controlpanel.clientsetup.colours import CONTRAST, DARK_GROUND, LIGHT_GROUND, WHITE, contrast

parts = st.integers(0, 255)
any_colour = st.tuples(parts, parts, parts)
PAIR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")


@given(any_colour)
def test_what_is_written_is_read(colour: colours.Colour) -> None:
    assert colours.read(colours.written(colour)) == colour
    assert colours.read(colours.written(colour).upper()) == colour


@given(st.text(max_size=10))
def test_nothing_else_is_a_colour(text: str) -> None:
    assert colours.read(text) is None or re.fullmatch("#[0-9a-fA-F]{6}", text)


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast(WHITE, (0, 0, 0)), 2) == 21
    assert round(contrast((0x77, 0x77, 0x77), WHITE), 2) == 4.48  # the grey that just fails
    assert contrast((1, 2, 3), (1, 2, 3)) == 1


@given(any_colour)
def test_text_in_it_and_on_it_can_be_read_on_both_grounds(colour: colours.Colour) -> None:
    found = {name: (colours.read(light), colours.read(dark)) for name, light, dark in PAIR.findall(sheet(colour))}
    assert set(found) == {"accent", "accent-deep", "accent-soft", "on-accent"}
    for scheme, ground in enumerate((LIGHT_GROUND, DARK_GROUND)):
        accent, deep, soft, on = (found[name][scheme] for name in ("accent", "accent-deep", "accent-soft", "on-accent"))
        assert None not in (accent, deep, soft, on)
        for one, other in ((accent, ground), (accent, soft), (deep, ground), (deep, soft), (on, accent), (on, deep)):
            assert contrast(one, other) >= CONTRAST, (colours.written(one), colours.written(other))


def sheet(colour: colours.Colour) -> str:
    return colours.style_sheet(colour)


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert "--accent: light-dark(#0b6164," in sheet((0x0B, 0x61, 0x64))
