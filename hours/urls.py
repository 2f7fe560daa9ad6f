from django.urls import URLPattern, URLResolver

app_name = "hours"

urlpatterns: list[URLPattern | URLResolver] = []
