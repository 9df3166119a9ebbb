"""The frame around all pages: navigation, errors, health, language and theme."""
