from django.urls import URLPattern, URLResolver, path

from .api import views as api
from .views import classes, imports

app_name = "rosters"

urlpatterns: list[URLPattern | URLResolver] = [
    path("school/classes/new/", classes.create_class, name="class_new"),
    path("school/classes/<int:pk>/", classes.edit_class, name="class_edit"),
    path("school/classes/<int:pk>/students/", classes.add_students, name="students_add"),
    path("school/classes/<int:pk>/teachers/", classes.set_teacher, name="teacher_set"),
    path("school/students/<int:pk>/", classes.edit_student, name="student_edit"),
    path("school/students/<int:pk>/remove/", classes.remove_student, name="student_remove"),
    path("school/import/", imports.start, name="imports"),
    path("school/import/template.xlsx", imports.template, name="import_template"),
    path("school/import/<int:pk>/", imports.show, name="import"),
    path("school/import/<int:pk>/answers/", imports.answer, name="import_answer"),
    path("school/import/<int:pk>/confirm/", imports.confirm, name="import_confirm"),
    path("school/import/<int:pk>/drop/", imports.drop, name="import_drop"),
    path("school/import/<int:pk>/copy.xlsx", imports.copy, name="import_copy"),
    path("api/v1/rosters/imports/", api.ImportList.as_view(), name="api-imports"),
    path("api/v1/rosters/imports/<int:pk>/", api.ImportDetail.as_view(), name="api-import"),
    path(
        "api/v1/rosters/imports/<int:pk>/answers/",
        api.ImportAnswers.as_view(),
        name="api-import-answers",
    ),
    path(
        "api/v1/rosters/imports/<int:pk>/confirm/",
        api.ImportConfirmation.as_view(),
        name="api-import-confirm",
    ),
]
