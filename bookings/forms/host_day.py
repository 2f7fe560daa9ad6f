"""What the host fills in about its day."""

from django import forms
from django.utils.translation import gettext_lazy as _

from sites.dates import check_day


class DayForm(forms.Form):
    day = forms.DateField(label=_("日期"), validators=[check_day], widget=forms.DateInput)
