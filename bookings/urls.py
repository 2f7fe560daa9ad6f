from django.urls import URLPattern, URLResolver, path

import sites.addresses  # noqa: F401 (makes <day:…> known)

from .api import change_requests as api_requests
from .api import sessions as api_sessions
from .api import views as api
from .views import (
    basket,
    catalogue,
    consents,
    feeds,
    host_day,
    lists,
    proposals,
    reserve,
    roll,
    session_change,
    swap,
    trips,
)

app_name = "bookings"

urlpatterns: list[URLPattern | URLResolver] = [
    path("find/", catalogue.show_catalogue, name="catalogue"),
    path("courses/<int:pk>/", catalogue.show_course, name="course"),
    path("sessions/<int:pk>/book/", reserve.reserve, name="reserve"),
    path("sessions/<int:pk>/split/", proposals.split, name="split"),
    path("classes/<int:pk>/complete/", proposals.complete, name="complete"),
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/clear/", basket.clear, name="basket_clear"),
    path("basket/reserve/", basket.reserve, name="basket_reserve"),
    path("basket/<int:pk>/remove/", basket.remove, name="basket_remove"),
    path("trips/", trips.trips, name="trips"),
    path("trips/<int:pk>/", trips.booking, name="booking"),
    path("trips/<int:pk>/change/", lists.change, name="change"),
    path("trips/<int:pk>/cancel/", trips.cancel, name="cancel"),
    path("trips/<int:pk>/swap/", swap.swap, name="swap"),
    path("trips/<int:pk>/swap/confirm/", swap.confirm, name="swap_confirm"),
    path("trips/<int:pk>/calendar.ics", trips.ics, name="ics"),
    path("trips/<int:pk>/print/", trips.printed, name="print"),
    path("trips/requests/<int:pk>/withdraw/", lists.withdraw, name="change_withdraw"),
    path("requests/", lists.asked_changes, name="change_requests"),
    path("requests/<int:pk>/", lists.answer, name="change_request"),
    path("trips/<int:pk>/consents/", consents.of_trip, name="consents"),
    path("trips/<int:pk>/consents/print/", consents.printed, name="consent_print"),
    path("school/students/<int:pk>/move/", roll.move_student, name="student_move"),
    path("school/students/<int:pk>/join/", roll.add_newcomer, name="newcomer_add"),
    path(
        "classes/<int:pk>/students/<int:student_pk>/release/",
        roll.release_leaver,
        name="leaver_release",
    ),
    path("today/<day:day>/print/", host_day.printed, name="day_print"),
    path("today/<day:day>/cancel/", host_day.cancel_day, name="day_cancel"),
    path("today/sessions/<int:pk>/names/", host_day.names, name="session_names"),
    path("today/sessions/<int:pk>/change/", session_change.change, name="session_change"),
    path("today/sessions/<int:pk>/cancel/", host_day.cancel_session, name="session_cancel"),
    path("feeds/<str:token>.ics", feeds.read, name="feed"),
    path("me/calendar/", feeds.own, name="own_feed"),
    path("sites/<int:pk>/calendar/", feeds.of_site, name="site_feed"),
    path("api/v1/reservations/", api.ReservationList.as_view(), name="api-reservations"),
    path("api/v1/reservations/<int:pk>/", api.ReservationDetail.as_view(), name="api-reservation"),
    path("api/v1/bookings/", api.BookingList.as_view(), name="api-bookings"),
    path("api/v1/bookings/<int:pk>/", api.BookingDetail.as_view(), name="api-booking"),
    path(
        "api/v1/bookings/<int:pk>/cancel/",
        api.BookingCancellation.as_view(),
        name="api-booking-cancel",
    ),
    path(
        "api/v1/bookings/<int:pk>/change-requests/",
        api_requests.BookingChangeRequest.as_view(),
        name="api-booking-change-request",
    ),
    path(
        "api/v1/change-requests/",
        api_requests.ChangeRequestList.as_view(),
        name="api-change-requests",
    ),
    path(
        "api/v1/change-requests/<int:pk>/",
        api_requests.ChangeRequestDetail.as_view(),
        name="api-change-request",
    ),
    path(
        "api/v1/change-requests/<int:pk>/answer/",
        api_requests.ChangeRequestAnswer.as_view(),
        name="api-change-request-answer",
    ),
    path(
        "api/v1/change-requests/<int:pk>/withdraw/",
        api_requests.ChangeRequestWithdrawal.as_view(),
        name="api-change-request-withdraw",
    ),
    path("api/v1/bookings/<int:pk>/swap/", api.BookingSwap.as_view(), name="api-booking-swap"),
    path(
        "api/v1/sessions/<int:pk>/cancel/",
        api_sessions.SessionCancellation.as_view(),
        name="api-session-cancel",
    ),
    path(
        "api/v1/sessions/<int:pk>/move/",
        api_sessions.SessionMove.as_view(),
        name="api-session-move",
    ),
    path("api/v1/classes/<int:pk>/hours/", api.ClassHours.as_view(), name="api-class-hours"),
]
