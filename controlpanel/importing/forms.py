"""A file to import."""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from controlpanel.importing.reading import MOST_OCTETS


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("A table saved as CSV, up to 50,000 rows. Nothing is made before you have seen what is in it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_OCTETS:
            raise forms.ValidationError(_("This file is too large: 32 MB is the most. Divide it."))
        return file
