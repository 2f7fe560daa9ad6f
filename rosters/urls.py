from django.urls import URLPattern, URLResolver, path

from .views import classes

app_name = "rosters"

urlpatterns: list[URLPattern | URLResolver] = [
    path("school/classes/new/", classes.create_class, name="class_new"),
    path("school/classes/<int:pk>/", classes.edit_class, name="class_edit"),
    path("school/classes/<int:pk>/students/", classes.add_students, name="students_add"),
    path("school/classes/<int:pk>/teachers/", classes.set_teacher, name="teacher_set"),
    path("school/classes/<int:pk>/roster.xlsx", classes.export_class, name="class_export"),
    path("school/students/<int:pk>/", classes.edit_student, name="student_edit"),
    path("school/students/<int:pk>/remove/", classes.remove_student, name="student_remove"),
]
