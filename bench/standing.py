"""How long a school of 2,000 students takes to be counted: EXPLAIN ANALYZE of both statements.

Run it as ``python -m bench.standing``. It makes its rows in the local database, in a transaction
that it takes back: 2,000 students in 50 classes, 200 sessions of three kinds of host, 20,000
places (a third of them to come) and a credit for each that is over.
"""

import os
import statistics
from datetime import timedelta

import django
from django.db import connection, transaction
from django.utils import timezone

STUDENTS, CLASSES, SESSIONS, PLACES_EACH = 2_000, 50, 200, 10


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from bookings.selectors import standing, standing_statement  # noqa: PLC0415  (Django has to be set up first)

    with transaction.atomic():
        school_id = _fill()
        from rosters.models import Student  # noqa: PLC0415

        students = Student.objects.current().filter(school_id=school_id)
        wanted, params = students.order_by().values("pk").query.sql_with_params()
        now = timezone.now()
        of_classes = standing.OF_CLASSES.format(outside=standing.OUTSIDE_OF_CLASSES)
        for name, select in (("students", standing.OF_STUDENTS), ("classes", of_classes)):
            times = []
            for _round in range(5):
                with connection.cursor() as cursor:
                    cursor.execute(
                        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "
                        + standing_statement.statement(wanted)
                        + select,
                        [*params, now],
                    )
                    plan = [line for (line,) in cursor.fetchall()]
                times.append(float(plan[-1].split()[2]))
            print(f"{name}: {statistics.median(times):.0f} ms (median of {len(times)})")
        transaction.set_rollback(True)


def _fill() -> int:
    """The rows, by SQL; returns the school's key."""
    now = timezone.now()
    first = now - timedelta(days=120)
    statements = f"""
    INSERT INTO accounts_user (password, is_superuser, email, name, phone, language, is_active,
                               is_staff, joined_at)
    VALUES ('', false, 'bench@example.org', 'b', '', 'zh-hans', true, false, now());
    INSERT INTO accounts_organisation (kind, name, short_name, name_en, stages, school_kind,
        address, contact_name, contact_phone, is_active, created_at)
    SELECT kind, 'bench ' || kind, '', '', '{{}}', '', '', '', '', true, now()
    FROM unnest(ARRAY['school', 'vocational_school', 'enterprise', 'education_unit']) kind;
    INSERT INTO accounts_membership (user_id, organisation_id, role, created_at)
    SELECT u.id, o.id, 'teacher', now() FROM accounts_user u, accounts_organisation o
    WHERE u.email = 'bench@example.org' AND o.name = 'bench school';
    INSERT INTO hours_practicumrequirement (name, stage, entry_year_from, entry_year_to,
        school_kind, class_hours, min_occupations, counts_from, due_on)
    VALUES ('bench', 'junior', 2001, 2001, '', 32, 4, '2000-01-01', '2100-01-01');
    INSERT INTO hours_requirementminimum (requirement_id, host_kind, class_hours)
    SELECT id, 'vocational_school', 16 FROM hours_practicumrequirement WHERE name = 'bench';
    INSERT INTO rosters_classgroup (school_id, stage, entry_year, number)
    SELECT o.id, 'junior', 2001, n FROM accounts_organisation o, generate_series(1, {CLASSES}) n
    WHERE o.name = 'bench school';
    INSERT INTO rosters_student (school_id, class_group_id, name, student_no, seat_no, initials,
                                 joined_at)
    SELECT c.school_id, c.id, 'b', '', s, '', now()
    FROM rosters_classgroup c, generate_series(1, {STUDENTS // CLASSES}) s
    WHERE c.entry_year = 2001;
    INSERT INTO courses_season (name, school_year, opens_at, closes_at, runs_from, runs_until,
                                freeze_days)
    VALUES ('bench', 2001, now() - interval '1 year', now() + interval '1 year',
            '2001-01-01', '2001-01-02', 3);
    INSERT INTO courses_course (host_id, code, created_at)
    SELECT id, 'bench-' || id, now() FROM accounts_organisation
    WHERE name LIKE 'bench %' AND kind <> 'school';
    INSERT INTO courses_courseversion (course_id, host_id, number, state, title_zh, title_en,
        occupation_zh, occupation_en, occupation_family, stages, grade_from, grade_to,
        class_hours, group_size_min, group_size_max, mode, labour_task_group, summary_zh,
        summary_en, plan, materials, hazards, needs_assistant, min_adults, students_per_adult,
        assessment, handbook, created_at, edition)
    SELECT c.id, c.host_id, 1, 'draft', 'b', '', 'occupation ' || c.id, '', 'f1',
        '{{junior}}', 6, 9, 4, 1, 500, 'on_site', '', '', '', '', '', '', false, 2, 20, '', '',
        now(), 1
    FROM courses_course c WHERE c.code LIKE 'bench-%';
    INSERT INTO courses_coursesession (version_id, host_id, season_id, state, starts_at, ends_at,
        class_hours, venue, online_url, capacity, seats_taken, seats_held, adults_coming,
        adults_held, cancel_reason, uid, sequence, created_at)
    SELECT v.id, v.host_id, season.id, 'scheduled', day, day + interval '2 hours', 4, 'online',
        'https://example.org', 30000, 0, 0, 0, 0, '', gen_random_uuid(), 0, now()
    FROM generate_series(1, {SESSIONS}) n
    CROSS JOIN LATERAL (SELECT '{first:%Y-%m-%d}'::timestamptz + n * interval '21 hours' AS day) d
    JOIN courses_season season ON season.name = 'bench'
    JOIN LATERAL (
        SELECT * FROM courses_courseversion
        WHERE occupation_zh LIKE 'occupation %' AND title_zh = 'b'
        ORDER BY id OFFSET n % 3 LIMIT 1
    ) v ON true;
    INSERT INTO bookings_reservation (reference, school_id, made_by_id, made_at, contact_name,
        contact_phone, note, idempotency_key, request_digest)
    SELECT 'bench', o.id, m.id, now(), '', '', '', 'bench', ''
    FROM accounts_organisation o JOIN accounts_membership m ON m.organisation_id = o.id
    WHERE o.name = 'bench school';
    INSERT INTO bookings_booking (reservation_id, session_id, class_group_id, school_id, host_id,
        state, seats, adults, edition, uid, sequence, created_at, cancelled_side, cancel_reason,
        cancel_code, is_late, no_show_code)
    SELECT r.id, s.id, c.id, c.school_id, s.host_id, 'confirmed', 40, 0, 1, gen_random_uuid(), 0,
        now(), '', '', '', false, ''
    FROM rosters_classgroup c
    JOIN bookings_reservation r ON r.reference = 'bench'
    CROSS JOIN LATERAL (
        SELECT * FROM courses_coursesession WHERE online_url = 'https://example.org'
        ORDER BY (id * 7919 + c.id * 104729) % 1009 LIMIT {PLACES_EACH}
    ) s
    WHERE c.entry_year = 2001;
    INSERT INTO bookings_place (booking_id, session_id, school_id, host_id, student_id, starts_at,
                                ends_at, is_live, is_walk_in)
    SELECT b.id, b.session_id, b.school_id, b.host_id, st.id, s.starts_at, s.ends_at, true, false
    FROM bookings_booking b JOIN courses_coursesession s ON s.id = b.session_id
    JOIN rosters_student st ON st.class_group_id = b.class_group_id
    WHERE b.reservation_id IN (SELECT id FROM bookings_reservation WHERE reference = 'bench');
    INSERT INTO hours_hourcredit (student_id, school_id, session_id, kind, class_hours, revision,
        rule_version, reason, earned_on, credited_at)
    SELECT p.student_id, p.school_id, p.session_id, 'attendance', 4, 1, 1, '', p.starts_at::date,
        now()
    FROM bookings_place p JOIN bookings_booking b ON b.id = p.booking_id
    JOIN bookings_reservation r ON r.id = b.reservation_id
    WHERE r.reference = 'bench' AND p.ends_at < now();
    SELECT count(*) FROM bookings_place p JOIN bookings_booking b ON b.id = p.booking_id
    JOIN bookings_reservation r ON r.id = b.reservation_id WHERE r.reference = 'bench'
    """  # noqa: S608  (the numbers are those above)
    with connection.cursor() as cursor:
        for statement in statements.split(";"):
            cursor.execute(statement)
        (places,) = cursor.fetchone()
        print(f"{STUDENTS} students, {places} places")
        cursor.execute("ANALYZE")
        cursor.execute("SELECT id FROM accounts_organisation WHERE name = 'bench school'")
        (school_id,) = cursor.fetchone()
    return int(school_id)


if __name__ == "__main__":
    main()
