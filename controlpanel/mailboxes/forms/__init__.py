"""Forms over changes: they read what was typed; what may be is for changes to say, beside the field it concerns."""
