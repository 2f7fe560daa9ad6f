from django.urls import URLPattern, URLResolver, path

import sites.addresses  # noqa: F401 (makes <day:…> known)

from .api import devices as device_api
from .api import views as api
from .views import (
    badge_sheets,
    badges,
    conflicts,
    corrections,
    desk,
    devices,
    host_day,
    no_shows,
    offline,
    own_badge,
    roster_undo,
    student_data,
    students,
)

app_name = "attendance"

urlpatterns: list[URLPattern | URLResolver] = [
    path("today/", host_day.today, name="host_today"),
    path("today/<day:day>/", host_day.day, name="host_day"),
    path("desk/", desk.list_desks, name="desks"),
    path("desk/offline/", offline.page, name="offline"),
    path("desk/worker.js", offline.worker, name="offline_worker"),
    path("desk/app.webmanifest", offline.manifest, name="offline_manifest"),
    path("desk/devices/", devices.list_devices, name="devices"),
    path("desk/devices/<int:pk>/revoke/", devices.revoke, name="device_revoke"),
    path("desk/conflicts/", conflicts.list_conflicts, name="conflicts"),
    path("desk/conflicts/<uuid:pk>/", conflicts.decide, name="conflict"),
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
    path("classes/<int:pk>/badges.pdf", badge_sheets.of_class, name="badge_sheet"),
    path("classes/<int:pk>/badges/all/", badges.replace_class, name="badge_reissue_class"),
    path("classes/<int:pk>/badges/<int:student_pk>/", badges.replace, name="badge_reissue"),
    path("classes/badges/", badge_sheets.choose, name="badge_sheets"),
    path("classes/badges.pdf", badge_sheets.of_classes, name="badge_sheets_pdf"),
    path("school/import/<int:pk>/undo/", roster_undo.undo, name="roster_undo"),
    path("school/students/<int:pk>/merge/", students.merge, name="student_merge"),
    path("school/transfers/<int:pk>/accept/", students.accept, name="transfer_accept"),
    path("api/v1/desk/packs/", device_api.Packs.as_view(), name="api-desk-packs"),
    path("api/v1/desk/events/", device_api.Events.as_view(), name="api-desk-events"),
    path("api/v1/sessions/<int:pk>/check-ins/", api.CheckInList.as_view(), name="api-check-ins"),
    path("school/students/<int:pk>/data/", student_data.show, name="student_data"),
    path("school/students/<int:pk>/data/export/", student_data.export, name="student_export"),
    path("school/students/<int:pk>/data/erase/", student_data.erase, name="student_erase"),
    path(
        "api/v1/sessions/<int:pk>/check-ins/batch/",
        api.CheckInBatch.as_view(),
        name="api-check-ins-batch",
    ),
]
