from django.urls import URLPattern, URLResolver, path

from .api import views as api
from .views import badges, corrections, desk, no_shows, own_badge

app_name = "attendance"

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", desk.list_desks, name="desks"),
    path("desk/<int:pk>/", desk.show, name="desk"),
    path("desk/<int:pk>/check-in/", desk.check_in, name="desk_check_in"),
    path("desk/<int:pk>/tick/", desk.tick, name="desk_tick"),
    path("desk/<int:pk>/walk-in/", desk.walk_in, name="desk_walk_in"),
    path("desk/<int:pk>/places/<int:place_pk>/", corrections.place, name="desk_place"),
    path("desk/<int:pk>/rest/", corrections.admit_rest, name="desk_rest"),
    path("desk/<int:pk>/close/", corrections.close, name="desk_close"),
    path("desk/<int:pk>/reopen/", corrections.reopen, name="desk_reopen"),
    path("no-shows/", no_shows.list_no_shows, name="no_shows"),
    path("no-shows/<int:pk>/", no_shows.give_reason, name="no_show"),
    path("badge/", own_badge.look_up, name="badge"),
    path("classes/<int:pk>/badges/", badges.show_class, name="badges"),
    path("classes/<int:pk>/badges.pdf", badges.sheet, name="badge_sheet"),
    path("classes/<int:pk>/badges/<int:student_pk>/", badges.reissue, name="badge_reissue"),
    path("api/v1/sessions/<int:pk>/check-ins/", api.CheckInList.as_view(), name="api-check-ins"),
    path(
        "api/v1/sessions/<int:pk>/check-ins/batch/",
        api.CheckInBatch.as_view(),
        name="api-check-ins-batch",
    ),
]
