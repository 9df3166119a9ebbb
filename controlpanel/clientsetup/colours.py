"""Pure: a domain's colour, made readable on light and dark grounds (WCAG 2.2, contrast of at least 4.5 to 1)."""

import re

Colour = tuple[int, int, int]

CONTRAST = 4.5
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
LIGHT_GROUND: Colour = (0xF4, 0xF2, 0xED)  # the darkest ground of the light scheme, and the lightest of the dark
DARK_GROUND: Colour = (0x24, 0x22, 0x1E)
STEPS = 20
SOFT = 0.12  # of the colour in what is tinted with it


def read(text: str) -> Colour | None:
    """Return the colour of `#rrggbb`, None for anything else."""
    if not re.fullmatch(r"#[0-9a-f]{6}", text.lower()):
        return None
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def written(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def style_sheet(colour: Colour) -> str:
    """Return the style sheet that puts the colour in the place of the panel's own accent."""
    light, dark = readable(colour, LIGHT_GROUND), readable(colour, DARK_GROUND)
    pairs = {
        "accent": (light, dark),
        "accent-deep": (mixed(light, BLACK, 0.2), mixed(dark, WHITE, 0.2)),
        "accent-soft": (mixed(LIGHT_GROUND, light, SOFT), mixed(DARK_GROUND, dark, SOFT)),
        "on-accent": (WHITE, mixed(dark, BLACK, 0.85)),
    }
    lines = [f"  --{name}: light-dark({written(one)}, {written(other)});" for name, (one, other) in pairs.items()]
    return "\n".join([":root {", *lines, "}", ""])


def readable(colour: Colour, ground: Colour) -> Colour:
    """Return the colour, moved away from the ground's side until it can be read there, also on its own soft tint."""
    towards = BLACK if luminance(ground) > 0.5 else WHITE
    for step in range(STEPS + 1):
        moved = mixed(colour, towards, step / STEPS)
        if min(contrast(moved, ground), contrast(moved, mixed(ground, moved, SOFT))) >= CONTRAST:
            return moved
    return towards


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Return `one` with a share of `other`, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of WCAG 2.2, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Colour) -> float:
    """Return the relative luminance of WCAG 2.2, from 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
