"""Students entered before names could be searched by their initials have them too."""

from typing import Any

from django.db import migrations

from rosters.pinyin import initials_of

AT_ONCE = 1000


def fill_initials(apps: Any, schema_editor: Any) -> None:
    students = apps.get_model("rosters", "Student").objects
    waiting = students.filter(initials="").exclude(name="").only("pk", "name").order_by("pk")
    last = 0
    while batch := list(waiting.filter(pk__gt=last)[:AT_ONCE]):
        last = batch[-1].pk
        for student in batch:
            student.initials = initials_of(student.name)
        students.bulk_update(batch, ["initials"])


class Migration(migrations.Migration):
    dependencies = [("rosters", "0002_imports_consent_and_needs")]

    operations = [migrations.RunPython(fill_initials, migrations.RunPython.noop, elidable=True)]
