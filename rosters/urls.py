from django.urls import URLPattern, URLResolver, path

from . import views

app_name = "rosters"

urlpatterns: list[URLPattern | URLResolver] = [
    path("school/classes/new/", views.create_class, name="class_new"),
    path("school/classes/<int:pk>/", views.edit_class, name="class_edit"),
    path("school/classes/<int:pk>/students/", views.add_students, name="students_add"),
    path("school/classes/<int:pk>/teachers/", views.set_teacher, name="teacher_set"),
    path("school/students/<int:pk>/", views.edit_student, name="student_edit"),
    path("school/students/<int:pk>/remove/", views.remove_student, name="student_remove"),
]
