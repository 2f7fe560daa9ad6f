"""Who learns of bookings: the school's people by class, the hosts' managers by host."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.choices import Role
from accounts.models import User
from accounts.selectors import people_to_tell
from bookings.models import Booking

# Everybody at once, with the organisation for which they are told and, at the school, the
# classes they teach. Without those who have left.
PEOPLE = """
SELECT person.id, person.email, person.name, person.language,
       membership.organisation_id, membership.id = %(made_by)s AS has_booked,
       ARRAY(
           SELECT class_group_id FROM rosters_classteacher
           WHERE membership_id = membership.id AND class_group_id = ANY(%(classes)s)
       ) AS classes
FROM accounts_membership membership
JOIN accounts_user person ON person.id = membership.user_id
JOIN accounts_organisation organisation ON organisation.id = membership.organisation_id
WHERE membership.ended_at IS NULL AND person.is_active AND organisation.is_active
  AND (
      membership.organisation_id = ANY(%(hosts)s) AND membership.role = %(manager)s
      OR membership.organisation_id = %(school)s AND (
          membership.id = %(made_by)s
          OR membership.id IN (
              SELECT membership_id FROM rosters_classteacher WHERE class_group_id = ANY(%(classes)s)
          )
      )
  )
ORDER BY person.id
"""


@dataclass(frozen=True, slots=True)
class Recipients:
    """People by class and by host, each person once in each list."""

    of_class: dict[int, list[User]]
    of_host: dict[int, list[User]]


def of_bookings(bookings: Sequence[Booking]) -> Recipients:
    """Of each class who booked and who teaches it, as far as they are still there, else the
    school's coordinators; of each host its managers. One query, and one for coordinators.

    ``bookings`` are one reservation's. The people come with name, address and language only.
    """
    school_id = bookings[0].school_id
    of_class: dict[int, list[User]] = {one.class_group_id: [] for one in bookings}
    of_host: dict[int, list[User]] = {one.host_id: [] for one in bookings}
    people: Iterable[Any] = User.objects.raw(
        PEOPLE,
        {
            "made_by": bookings[0].reservation.made_by_id,
            "classes": list(of_class),
            "hosts": list(of_host),
            "school": school_id,
            "manager": Role.HOST_MANAGER,
        },
    )
    for person in people:
        if person.organisation_id == school_id:
            for class_id in of_class if person.has_booked else person.classes:
                _add(of_class[class_id], person)
        elif person.organisation_id in of_host:
            _add(of_host[person.organisation_id], person)
    if not all(of_class.values()):
        coordinators = people_to_tell(school_id, [Role.SCHOOL_COORDINATOR])
        of_class = {pk: told or coordinators for pk, told in of_class.items()}
    return Recipients(of_class, of_host)


def _add(people: list[User], person: User) -> None:
    if person not in people:
        people.append(person)
