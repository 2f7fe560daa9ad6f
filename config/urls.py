"""Every address of the product: each app lists its own."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import gallery

# The operator signs in where everybody does, on the page that slows guessing down.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# What goes wrong under the web API is answered like everything there.
handler404 = "accounts.api.problems.page_not_found"
handler500 = "accounts.api.problems.server_error"

urlpatterns = [
    path("", include("insights.urls")),
    path("", include("planning.urls")),
    path("", include("attendance.urls")),
    path("", include("bookings.urls")),
    path("", include("hours.urls")),
    path("", include("courses.urls")),
    path("", include("rosters.urls")),
    path("", include("sites.urls")),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("accounts.open_urls")),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    # Its script comes apart from its page: our policy runs nothing inline.
    path(
        "api/v1/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"),
        name="api-docs",
    ),
]

if settings.DEBUG or settings.DEMO:
    urlpatterns += [
        path("pieces/", gallery.show, name="pieces"),
        path("pieces/confirm/", gallery.show_confirm, name="pieces-confirm"),
        path("pieces/desk/", gallery.show_desk, name="pieces-desk"),
        path("pieces/print/", gallery.show_print, name="pieces-print"),
    ]
