"""Sixty teachers of the demonstration's classes, signed in; printed as JSON.

``python -m bench.opening.teachers NUMBER``, with ``DATABASE_URL`` and the server's ``SECRET_KEY``.
"""

import json
import sys

import django
from django.utils import timezone

from bench.pages.lookers import sign_in


def main() -> None:
    django.setup()
    from accounts.actors import SYSTEM  # noqa: PLC0415  needs Django set up
    from accounts.choices import Role  # noqa: PLC0415
    from insights.demo import people  # noqa: PLC0415
    from rosters.models import ClassTeacher  # noqa: PLC0415
    from rosters.services import classes  # noqa: PLC0415

    number, now = int(sys.argv[1]), timezone.now()
    found = {}
    for one in ClassTeacher.objects.live().select_related("membership__user").order_by("pk"):
        found.setdefault(one.membership, one.class_group)
    # A class has several teachers; where the demonstration has too few, some get a colleague.
    for index, group in enumerate(list(found.values())[: max(0, number - len(found))]):
        colleague = people.enrol(
            name="王老师",
            login=f"colleague{index}",
            organisation=group.school,
            role=Role.TEACHER,
            now=now,
        )
        classes.assign_teacher(
            by=SYSTEM, class_group=group, membership=colleague, is_homeroom=False, now=now
        )
        found[colleague] = group
    json.dump(
        [
            (sign_in(member.user, member.pk), group.pk)
            for member, group in list(found.items())[:number]
        ],
        sys.stdout,
    )


if __name__ == "__main__":
    main()
