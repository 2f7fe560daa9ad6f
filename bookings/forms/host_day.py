"""What the host fills in about its day."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DayForm(forms.Form):
    day = forms.DateField(label=_("日期"), widget=forms.DateInput)
