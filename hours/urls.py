from django.urls import URLPattern, URLResolver, path

from . import views
from .api import views as api

app_name = "hours"

urlpatterns: list[URLPattern | URLResolver] = [
    path("hours/", views.explained, name="explained"),
    path("requirements/", views.list_requirements, name="requirements"),
    path("api/v1/hour-credits/", api.HourCreditList.as_view(), name="api-hour-credits"),
]
