"""Why something is done, wherever that is asked."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=200)
