from django.urls import URLPattern, URLResolver, path

from . import views

app_name = "sites"

urlpatterns: list[URLPattern | URLResolver] = [
    path("sites/", views.list_sites, name="list"),
    path("sites/new/", views.edit_site, name="site_new"),
    path("sites/<int:pk>/", views.show, name="detail"),
    path("sites/<int:pk>/edit/", views.edit_site, name="site_edit"),
    path("sites/<int:pk>/rating/", views.rate, name="site_rate"),
    path("sites/<int:site_pk>/rooms/new/", views.edit_room, name="room_new"),
    path("rooms/<int:pk>/edit/", views.edit_room, name="room_edit"),
    path("rooms/<int:pk>/close/", views.close, name="closure_new"),
    path("closures/<int:pk>/remove/", views.reopen, name="closure_remove"),
]
