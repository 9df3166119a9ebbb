"""Writing small XML documents, escaped by ElementTree."""

from xml.etree import ElementTree as ET


def add(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    """Append an element with a text and return it."""
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element


def document(root: ET.Element) -> bytes:
    """Return an indented document in UTF-8 with its XML declaration and no BOM."""
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"
