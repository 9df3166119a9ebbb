"""Pure: what servers of others say, as people may read it."""

LONGEST = 400  # characters


def in_one_line(text: str) -> str:
    """Return the text in one line, and nothing in it that moves or hides other text."""
    words = "".join(sign if sign.isprintable() else " " for sign in text[: 10 * LONGEST])
    return " ".join(words.split())[:LONGEST]
