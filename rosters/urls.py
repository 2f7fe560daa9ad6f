from django.urls import URLPattern, URLResolver, path

from .api import views as api
from .views import classes, consents, imports, students, transfers

app_name = "rosters"

urlpatterns: list[URLPattern | URLResolver] = [
    path("school/classes/", classes.list_classes, name="classes"),
    path("school/classes/new/", classes.create_class, name="class_new"),
    path("school/classes/<int:pk>/", classes.edit_class, name="class_edit"),
    path("school/classes/<int:pk>/students/", classes.add_students, name="students_add"),
    path("school/classes/<int:pk>/teachers/", classes.set_teacher, name="teacher_set"),
    path("school/classes/<int:pk>/roster.xlsx", classes.export_class, name="class_export"),
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
    path("school/classes/<int:pk>/consents/", consents.of_class, name="class_consents"),
    path("school/students/search/", students.search, name="student_search"),
    path("school/students/<int:pk>/", students.edit_student, name="student_edit"),
    path("school/students/<int:pk>/needs/", students.set_needs, name="student_needs"),
    path("school/students/<int:pk>/phone/", students.set_phone, name="student_phone"),
    path("school/students/<int:pk>/phone/show/", students.reveal_phone, name="student_phone_show"),
    path("school/students/<int:pk>/remove/", students.remove_student, name="student_remove"),
    path("school/students/<int:pk>/transfer/", transfers.ask, name="transfer_ask"),
    path("school/transfers/", transfers.list_transfers, name="transfers"),
    path("school/transfers/<int:pk>/withdraw/", transfers.withdraw, name="transfer_withdraw"),
    path("school/transfers/<int:pk>/decline/", transfers.decline, name="transfer_decline"),
    path("school/settings/", consents.school_settings, name="settings"),
    path("school/consent-texts/", consents.texts, name="consent_texts"),
    path("school/consent-texts/<str:kind>/", consents.publish, name="consent_text_new"),
    path("school/consent-texts/<str:kind>/print/", consents.printed, name="consent_print"),
]
