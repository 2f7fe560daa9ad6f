from django.urls import URLPattern, URLResolver, path

from .api import views as api

app_name = "hours"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/hour-credits/", api.HourCreditList.as_view(), name="api-hour-credits"),
]
