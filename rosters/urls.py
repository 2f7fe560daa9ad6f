from django.urls import URLPattern, URLResolver, path

from .views import classes, consents, students, transfers

app_name = "rosters"

urlpatterns: list[URLPattern | URLResolver] = [
    path("school/classes/", classes.list_classes, name="classes"),
    path("school/classes/new/", classes.create_class, name="class_new"),
    path("school/classes/<int:pk>/", classes.edit_class, name="class_edit"),
    path("school/classes/<int:pk>/students/", classes.add_students, name="students_add"),
    path("school/classes/<int:pk>/teachers/", classes.set_teacher, name="teacher_set"),
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
