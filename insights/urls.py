from django.urls import path

from .views import (
    alliance,
    home,
    missed,
    privacy,
    records,
    requirements,
    school,
    school_year,
    unfinished,
)

app_name = "insights"

urlpatterns = [
    path("", home.show_home, name="home"),
    path("classes/", school.list_classes, name="classes"),
    path("classes/<int:pk>/", school.show_class, name="class"),
    path("classes/<int:pk>/hours.csv", school.export_class, name="class_hours"),
    path("classes/<int:pk>/students/<int:student_pk>/", school.show_student, name="student"),
    path("school/", school.show_school, name="school"),
    path("school/year/", school_year.show, name="school_year"),
    path("school/year/<int:pk>/restore/", school_year.restore, name="class_restore"),
    path("school/record/", records.show, name="records"),
    path("school/record/export/", records.export, name="record_export"),
    path("school/record/columns/", records.edit_layout, name="record_layout"),
    path("unfinished/", unfinished.show, name="unfinished"),
    path("overview/unfinished/", unfinished.show_schools, name="alliance_unfinished"),
    path("overview/", alliance.show_overview, name="alliance"),
    path("overview/classes/", alliance.list_classes, name="alliance_classes"),
    path("overview/classes/<int:pk>/names/", privacy.show_class_names, name="class_names"),
    path("school/names-read/", privacy.show_names_log, name="names_log"),
    path("privacy/data/", privacy.show_data_map, name="data_map"),
    path("overview/sessions/", alliance.list_sessions, name="alliance_sessions"),
    path("overview/missed/", missed.show, name="alliance_missed"),
    path("requirements/new/", requirements.edit, name="requirement_new"),
    path("requirements/<int:pk>/", requirements.edit, name="requirement_edit"),
    path("overview/weeks/", alliance.show_week, name="alliance_week"),
]
