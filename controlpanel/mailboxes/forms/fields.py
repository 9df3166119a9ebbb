"""Fields of our own: octets in words, a local part before its domain, addresses a line each, a new password."""

from types import TracebackType
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes import octets
from controlpanel.mailboxes.changes import ChangeRefused

Text = str | Promise


class OctetsField(forms.Field):
    """Octets as people write them: `500 MB`, `1,5 GB`. Empty is None."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update({"class": "short", "maxlength": "40", "autocomplete": "off"})

    def prepare_value(self, value: Any) -> Any:
        return octets.written(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return octets.read(text)
        except octets.OctetsError as error:
            raise forms.ValidationError(str(error.sentence)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except forms.ValidationError:
            return True


class LocalPartField(forms.CharField):
    """What stands before the @ of a domain that is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=320, **kwargs)
        self.suffix = ""
        self.widget.attrs.update({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})


class LinesField(forms.Field):
    """A list, one a line; empty lines don't count."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update({"rows": 4, "maxlength": "40000", "autocapitalize": "none", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]


class LabelsField(forms.CharField):
    """Words with commas between them: `Sales, ground floor`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=500, required=False, **kwargs)
        self.widget.attrs.update({"autocomplete": "off"})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [word.strip() for word in str(value or "").split(",") if word.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(initial or []) != set(self.to_python(data))


class MarksField(forms.Field):
    """Percents with commas or blanks between them: `80, 95`. Empty is none of them."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update({"class": "short", "maxlength": "60", "autocomplete": "off", "inputmode": "text"})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[int]:
        words = str(value or "").replace("%", " ").replace(",", " ").replace(";", " ").split()
        if not all(word.isascii() and word.isdigit() and 0 < int(word[:4]) <= 100 for word in words):
            raise forms.ValidationError(_("Write percents from 1 to 100, as in 80, 95."))
        return sorted({int(word) for word in words})

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except forms.ValidationError:
            return True


class PasswordField(forms.CharField):
    """A password to set. It is never sent back to the page."""

    widget = forms.PasswordInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Password"))
        super().__init__(max_length=1000, strip=False, **kwargs)
        self.widget.attrs.update({"autocomplete": "new-password"})


class TypedConfirmation(forms.Form):
    """A dangerous act asks for the name of what it acts on."""

    confirmation = forms.CharField(
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, name: str, label: Text, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        self.fields["confirmation"].label = label  # type: ignore[assignment]

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip()
        if typed.casefold() != self.name.casefold():
            raise forms.ValidationError(_("This is not the same. Type %(name)s.") % {"name": self.name})
        return typed


class ReasonForm(forms.Form):
    """Why something is suspended or closed: its owner reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The owner reads it when they try to sign in."),
        max_length=200,
        required=False,
    )


def refusals_beside(form: forms.Form) -> "_Beside":
    """What a change inside refuses is put beside its field of the form, which is invalid then."""
    return _Beside(form)


class _Beside:
    def __init__(self, form: forms.Form) -> None:
        self.form = form

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, ChangeRefused):
            return False
        self.form.add_error(error.field if error.field in self.form.fields else None, str(error.sentence))
        return True
