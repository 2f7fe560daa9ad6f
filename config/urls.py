"""Every address of the product: each app lists its own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("insights.urls")),
    path("", include("attendance.urls")),
    path("", include("bookings.urls")),
    path("", include("hours.urls")),
    path("", include("courses.urls")),
    path("", include("rosters.urls")),
    path("", include("sites.urls")),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
