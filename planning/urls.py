from django.urls import URLPattern, URLResolver, path

from .views import season_wishes, wishes

app_name = "planning"

urlpatterns: list[URLPattern | URLResolver] = [
    path("wishes/", wishes.list_classes, name="wishes"),
    path("classes/<int:pk>/wishes/", wishes.edit, name="class_wishes"),
    path("seasons/<int:pk>/wishes/", season_wishes.show, name="season_wishes"),
    path("seasons/<int:pk>/wishes.csv", season_wishes.export, name="season_wishes_file"),
    path("seasons/<int:pk>/demand.csv", season_wishes.export_demand, name="season_demand_file"),
]
