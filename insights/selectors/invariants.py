"""What must always be true, recomputed from the rows. Every difference found is a sentence.

Most of it the database refuses to break. This looks all the same, since a bulk load, a restored
backup or a constraint dropped in an emergency asks nobody. Keys and numbers only, no names.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attendance.models import CheckIn, Desk
from attendance.selectors import held_back, seals
from attendance.selectors.missed import by_hand
from attendance.selectors.rule_sets import rules_of_each
from attendance.selectors.states import by_student
from hours.choices import CreditKind
from hours.models import HourCredit

DESKS_AT_ONCE = 500
# So many sealed days are looked at again each night: a week, whatever the history.
DAYS_VERIFIED = 7


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement that returns the rows which break a rule, and the sentence about one of them;
    its columns are the sentence's facts."""

    kind: str
    sentence: Promise | str
    statement: str


def _clash(who: str, table: str) -> str:
    """Whoever or whatever of ``table`` (key, starts_at, ends_at, id) is in two things at once."""
    return f"""
    SELECT DISTINCT key AS "{who}" FROM (
        SELECT key, starts_at, max(ends_at) OVER (
            PARTITION BY key ORDER BY starts_at, id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before FROM ({table}) taken
    ) ordered WHERE before > starts_at ORDER BY 1
    """  # noqa: S608  (both texts are those below)


STANDING_SESSIONS = "FROM courses_coursesession WHERE state = 'scheduled'"

INVARIANTS = (
    Invariant(
        "seats",
        gettext_lazy("场次 %(session)s：记 %(kept)s 位已约，名额有 %(found)s 位。"),
        """
        SELECT session.id AS session, session.seats_taken AS kept, count(place.id) AS found
        FROM courses_coursesession session
        LEFT JOIN bookings_place place ON place.session_id = session.id AND place.is_live
        GROUP BY session.id HAVING session.seats_taken <> count(place.id) ORDER BY 1
        """,
    ),
    Invariant(
        "holds",
        gettext_lazy("场次 %(session)s：记 %(kept)s 位留座，留座单有 %(found)s 位。"),
        """
        SELECT session.id AS session, session.seats_held AS kept,
               coalesce(sum(hold.seats), 0) AS found
        FROM courses_coursesession session
        LEFT JOIN bookings_seathold hold
            ON hold.session_id = session.id AND hold.ended_at IS NULL
        GROUP BY session.id HAVING session.seats_held <> coalesce(sum(hold.seats), 0) ORDER BY 1
        """,
    ),
    Invariant(
        "adults",
        gettext_lazy("场次 %(session)s：记 %(kept)s 位成人，预约里有 %(found)s 位。"),
        """
        SELECT session.id AS session, session.adults_coming AS kept,
               coalesce(sum(booking.adults), 0) AS found
        FROM courses_coursesession session
        LEFT JOIN bookings_booking booking
            ON booking.session_id = session.id AND booking.state IN ('requested', 'confirmed')
        GROUP BY session.id
        HAVING session.adults_coming <> coalesce(sum(booking.adults), 0) ORDER BY 1
        """,
    ),
    Invariant(
        "adults held",
        gettext_lazy("场次 %(session)s：记为 %(kept)s 位成人留了位置，留座单有 %(found)s 位。"),
        """
        SELECT session.id AS session, session.adults_held AS kept,
               coalesce(sum(hold.adults), 0) AS found
        FROM courses_coursesession session
        LEFT JOIN bookings_seathold hold
            ON hold.session_id = session.id AND hold.ended_at IS NULL
        GROUP BY session.id HAVING session.adults_held <> coalesce(sum(hold.adults), 0) ORDER BY 1
        """,
    ),
    Invariant(
        "capacity",
        gettext_lazy("场次 %(session)s：名额 %(capacity)s 位，已约和留座共 %(found)s 位。"),
        """
        SELECT id AS session, capacity, seats_taken + seats_held AS found
        FROM courses_coursesession WHERE seats_taken + seats_held > capacity ORDER BY 1
        """,
    ),
    Invariant(
        "heads",
        gettext_lazy("场次 %(session)s：最多容纳 %(limit)s 人，连成人共 %(found)s 人。"),
        """
        SELECT id AS session, heads_limit AS limit,
               seats_taken + seats_held + adults_coming + adults_held AS found
        FROM courses_coursesession
        WHERE seats_taken + seats_held + adults_coming + adults_held > heads_limit ORDER BY 1
        """,
    ),
    Invariant(
        "bookings",
        gettext_lazy("预约 %(booking)s：记 %(kept)s 位，名额有 %(found)s 位。"),
        """
        SELECT booking.id AS booking, booking.seats AS kept, count(place.id) AS found
        FROM bookings_booking booking
        LEFT JOIN bookings_place place ON place.booking_id = booking.id AND place.is_live
        GROUP BY booking.id HAVING booking.seats <> count(place.id) ORDER BY 1
        """,
    ),
    Invariant(
        "places",
        gettext_lazy("名额 %(place)s 与预约 %(booking)s 的场次、学校或开课单位不同。"),
        """
        SELECT place.id AS place, booking.id AS booking
        FROM bookings_place place JOIN bookings_booking booking ON booking.id = place.booking_id
        WHERE (place.session_id, place.school_id, place.host_id)
            <> (booking.session_id, booking.school_id, booking.host_id) ORDER BY 1
        """,
    ),
    Invariant(
        "times",
        gettext_lazy("名额 %(place)s 的时间与场次 %(session)s 不同。"),
        """
        SELECT place.id AS place, session.id AS session
        FROM bookings_place place JOIN courses_coursesession session
            ON session.id = place.session_id
        WHERE (place.starts_at, place.ends_at) <> (session.starts_at, session.ends_at) ORDER BY 1
        """,
    ),
    Invariant(
        "cancelled",
        gettext_lazy("场次 %(session)s 已取消，还有 %(found)s 个名额。"),
        """
        SELECT session.id AS session, count(*) AS found
        FROM courses_coursesession session JOIN bookings_place place
            ON place.session_id = session.id AND place.is_live
        WHERE session.state = 'cancelled' GROUP BY session.id ORDER BY 1
        """,
    ),
    Invariant(
        "room holds",
        gettext_lazy("场次 %(session)s 占用的实训室或时间与场次不同。"),
        """
        SELECT session.id AS session
        FROM courses_coursesession session
        LEFT JOIN sites_roomhold hold ON hold.id = session.room_hold_id
        WHERE session.state = 'scheduled' AND session.room_id IS NOT NULL AND (
            hold.id IS NULL OR hold.room_id <> session.room_id OR hold.kind <> 'session'
            OR hold.period <> tstzrange(session.starts_at, session.ends_at, '[)')
        ) ORDER BY 1
        """,
    ),
    Invariant(
        "rooms",
        gettext_lazy("实训室 %(room)s 同时有两场。"),
        _clash(
            "room",
            f"SELECT room_id AS key, starts_at, ends_at, id {STANDING_SESSIONS}"
            " AND room_id IS NOT NULL",
        ),
    ),
    Invariant(
        "people",
        gettext_lazy("指导教师或助教 %(membership)s 同时在两场。"),
        _clash(
            "membership",
            f"SELECT instructor_id AS key, starts_at, ends_at, id {STANDING_SESSIONS}"
            " AND instructor_id IS NOT NULL"
            f" UNION ALL SELECT assistant_id, starts_at, ends_at, id {STANDING_SESSIONS}"
            " AND assistant_id IS NOT NULL",
        ),
    ),
    Invariant(
        "students",
        gettext_lazy("学生 %(student)s 同时在两场。"),
        _clash(
            "student",
            "SELECT student_id AS key, starts_at, ends_at, id FROM bookings_place"
            " WHERE is_live AND student_id IS NOT NULL",
        ),
    ),
    Invariant(
        "reversals",
        gettext_lazy("冲正 %(credit)s 与它冲正的学时 %(reverses)s 不相抵。"),
        """
        SELECT reversal.id AS credit, credit.id AS reverses
        FROM hours_hourcredit reversal JOIN hours_hourcredit credit
            ON credit.id = reversal.reverses_id
        WHERE reversal.class_hours <> -credit.class_hours
           OR reversal.student_id <> credit.student_id OR credit.kind = 'reversal'
           OR reversal.earned_on <> credit.earned_on
           OR reversal.session_id IS DISTINCT FROM credit.session_id ORDER BY 1
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: which rule, and the sentence in the active language."""

    kind: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def findings() -> list[Finding]:
    """What does not agree; empty when everything does."""
    found = []
    for invariant in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(invariant.statement)
            names = [column.name for column in cursor.description or ()]
            found += [
                Finding(
                    invariant.kind, str(invariant.sentence) % dict(zip(names, row, strict=True))
                )
                for row in cursor.fetchall()
            ]
    return [*found, *_ledger(), *_seals()]


def _seals() -> Iterator[Finding]:
    """What the last seals cover is as it was sealed; of all days ``verify_ledger`` says so."""
    for difference in seals.verify({}, days=DAYS_VERIFIED).differences:
        yield Finding("seals", str(difference))


def _ledger() -> Iterator[Finding]:
    """The ledger holds the class hours of every attendance at a closed desk, and no others; but
    for those that a locked period holds back."""
    desks = Desk.objects.filter(closed_at__isnull=False).order_by("pk")
    closed = desks.select_related("session").iterator(chunk_size=DESKS_AT_ONCE)
    while some := list(islice(closed, DESKS_AT_ONCE)):
        sessions = {desk.session_id: desk.session for desk in some}
        events: dict[int, list[CheckIn]] = defaultdict(list)
        for event in (
            CheckIn.objects.filter(session__in=sessions)
            .select_related("student")
            .order_by("recorded_at", "pk")
        ):
            events[event.session_id].append(event)
        rules = rules_of_each(sessions.values())
        earned = {
            (pk, student): hours
            for pk, session in sessions.items()
            for student, state in by_student(events[pk], session, rules[pk]).items()
            if (hours := state.earns.of(session.class_hours))
        }
        # Of these two people decided what counts, or have to: their school's lock came first.
        others = by_hand(list(sessions)) | held_back.undecided(some).keys()
        credited = _credited({"session__in": list(sessions)})
        yield from _differing(
            {key: hours for key, hours in earned.items() if key not in others},
            {key: hours for key, hours in credited.items() if key not in others},
        )
    # A desk that was opened again keeps what it credited until it is closed; a session that
    # never had a desk has credited nobody.
    yield from _differing({}, _credited({"session__desk": None}))


def held_back_now() -> list[tuple[int, int]]:
    """Sessions and students whose hours wait for the secretariat since their school had locked
    the period when the door was closed: known, and no difference."""
    desks = Desk.objects.exclude(held_back=[])
    return sorted(held_back.undecided(desks))


def _credited(where: dict[str, object]) -> dict[tuple[int, int], int]:
    """The attendance credits that stand, by session and student."""
    return {
        (session, student): hours
        for session, student, hours in HourCredit.objects.filter(
            kind=CreditKind.ATTENDANCE, reversed_by=None, **where
        ).values_list("session_id", "student_id", "class_hours")
        if session is not None
    }


def _differing(
    earned: dict[tuple[int, int], int], credited: dict[tuple[int, int], int]
) -> Iterator[Finding]:
    for session, student in sorted(earned.keys() | credited.keys()):
        key = (session, student)
        if earned.get(key, 0) != credited.get(key, 0):
            yield Finding(
                "ledger",
                _(
                    "场次 %(session)s 学生 %(student)s：出席应得 %(earned)s 学时，"
                    "账上 %(kept)s 学时。"
                )
                % {
                    "session": session,
                    "student": student,
                    "earned": earned.get(key, 0),
                    "kept": credited.get(key, 0),
                },
            )
