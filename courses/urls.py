from django.urls import URLPattern, URLResolver, path

from .api import views as api
from .views import review, seasons, sessions, writing

app_name = "courses"

urlpatterns: list[URLPattern | URLResolver] = [
    path("host/courses/", writing.list_courses, name="host_courses"),
    path("host/courses/new/", writing.start, name="course_new"),
    path("host/courses/<int:pk>/", writing.edit, name="course_edit"),
    path("host/courses/<int:pk>/submit/", writing.submit, name="course_submit"),
    path("host/courses/<int:pk>/take-back/", writing.take_back, name="course_take_back"),
    path("host/courses/<int:pk>/new-version/", writing.new_version, name="course_new_version"),
    path("host/courses/<int:pk>/withdraw/", writing.withdraw, name="course_withdraw"),
    path("host/week/", sessions.week, name="host_week"),
    path("host/sessions/new/", sessions.open_one, name="session_new"),
    path("host/sessions/series/", sessions.open_series, name="series_new"),
    path("host/sessions/camp/", sessions.open_set, name="set_new"),
    path("host/sessions/<int:pk>/", sessions.show, name="session_detail"),
    path("host/sessions/<int:pk>/edit/", sessions.change, name="session_edit"),
    path("host/sessions/<int:pk>/people/", sessions.name_people, name="session_people"),
    path("reviews/", review.list_waiting, name="review_list"),
    path("reviews/<int:pk>/", review.decide, name="review_detail"),
    path("seasons/", seasons.list_seasons, name="seasons"),
    path("seasons/new/", seasons.edit, name="season_new"),
    path("seasons/<int:pk>/", seasons.edit, name="season_edit"),
    path("api/v1/courses/", api.CourseList.as_view(), name="api-courses"),
    path("api/v1/courses/<int:pk>/", api.CourseDetail.as_view(), name="api-course"),
    path("api/v1/sessions/", api.SessionList.as_view(), name="api-sessions"),
    path("api/v1/sessions/<int:pk>/", api.SessionDetail.as_view(), name="api-session"),
]
