from django.urls import URLPattern, URLResolver, path

from . import views

app_name = "notifications"

urlpatterns: list[URLPattern | URLResolver] = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<uuid:key>/", views.message, name="message"),
    path("inbox/<uuid:key>/trip.ics", views.calendar, name="calendar"),
    path("demo/mail/", views.demo_mail, name="demo_mail"),
    path("demo/mail/<uuid:key>/trip.ics", views.demo_calendar, name="demo_calendar"),
]
