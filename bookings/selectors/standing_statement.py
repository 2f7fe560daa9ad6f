"""The statement that adds up hours: one rule, read of some students or of everybody."""

from sites.calendar import SHANGHAI

# What a session that takes place, or took place, counts for. ``chosen`` are the students with
# the requirement of their class: the one for the school's own kind before one for every kind,
# then the one due first (``hours.selectors.requirements_of`` says the same of a class). What lies
# on a day before the requirement's first or after its last counts for nothing and is only added
# up (``PracticumRequirement.counts_on``): the day is the session's in Shanghai, which a credit
# has as ``earned_on``. An occupation, and hours at a kind of host, count where the ledger's sum
# is above nothing. A place counts as booked until its session is over or its hours are credited
# (``progress.places_to_come``). A class shares its sessions: each is looked up once. What a kind
# of host must have is added up with what it has, not joined to it: the join went through all
# students' hours for each student.
#
# One rule, read in two ways. ``{fence}`` is ``OFFSET 0`` where rows are looked up by their keys,
# student by student: for a whole school PostgreSQL would read every credit, place and session
# there ever was instead. For everybody in the district there is none, and that is what it does:
# each table once, which takes an eighth of the time then; what is to come it reads by the sessions
# to come, since a place among all a student ever had takes three times that. ``(SELECT EXISTS
# (...))`` looks into the ledger place by place; as a plain ``NOT EXISTS`` it would be one join with
# all credits. The earliest day that counts for anybody keeps the years before out of the sums.
STANDING = """
WITH {instead}chosen AS (
    SELECT student.id, student.class_group_id, requirement.id AS requirement_id,
           requirement.class_hours AS required, requirement.min_occupations,
           requirement.counts_from, requirement.due_on
    FROM ({students}) AS wanted (id)
    JOIN rosters_student student ON student.id = wanted.id
    JOIN rosters_classgroup class ON class.id = student.class_group_id
    JOIN accounts_organisation school ON school.id = class.school_id
    LEFT JOIN LATERAL (
        SELECT * FROM hours_practicumrequirement one
        WHERE one.stage = class.stage
          AND class.entry_year BETWEEN one.entry_year_from AND one.entry_year_to
          AND one.school_kind IN ('', school.school_kind)
        ORDER BY one.school_kind = '', one.due_on, one.id
        LIMIT 1
    ) requirement ON TRUE
    {required}
), to_come AS MATERIALIZED (
    SELECT place.student_id, place.session_id, place.class_hours, place.day,
           chosen.counts_from, chosen.due_on
    FROM chosen
    {to_come}
), dated AS NOT MATERIALIZED (
    SELECT one.*,
           coalesce(day < counts_from, FALSE) AS is_early,
           coalesce(day > due_on, FALSE) AS is_late
    FROM (
        SELECT chosen.id AS student_id, credit.session_id, credit.class_hours AS earned,
               0 AS booked, credit.earned_on AS day, chosen.counts_from, chosen.due_on
        FROM chosen
        CROSS JOIN LATERAL (
            SELECT session_id, class_hours, earned_on FROM hours_hourcredit
            WHERE student_id = chosen.id {fence}
        ) credit
        UNION ALL
        SELECT student_id, session_id, 0, class_hours, day, counts_from, due_on FROM to_come
    ) one
), outside AS (
    SELECT student_id,
           coalesce(sum(earned + booked) FILTER (WHERE is_early), 0) AS before,
           coalesce(sum(earned + booked) FILTER (WHERE is_late), 0) AS after
    FROM dated
    WHERE is_early OR is_late
    GROUP BY student_id
), entry AS MATERIALIZED (
    SELECT student_id, session_id, earned, booked
    FROM dated
    WHERE NOT is_early AND NOT is_late
      AND day >= (SELECT min(coalesce(counts_from, '-infinity')) FROM chosen)
), met AS MATERIALIZED (
    SELECT session.id, host.kind, version.occupation_zh AS occupation
    FROM (SELECT DISTINCT session_id FROM entry) one
    CROSS JOIN LATERAL (
        SELECT * FROM courses_coursesession WHERE id = one.session_id {fence}
    ) session
    JOIN courses_courseversion version ON version.id = session.version_id
    JOIN accounts_organisation host ON host.id = session.host_id
), counted AS (
    SELECT entry.student_id, met.kind, met.occupation,
           sum(entry.earned) AS earned, sum(entry.booked) AS booked
    FROM entry
    LEFT JOIN met ON met.id = entry.session_id
    GROUP BY entry.student_id, met.kind, met.occupation
), total AS (
    SELECT student_id, sum(earned) AS earned, sum(booked) AS booked,
           count(DISTINCT occupation) FILTER (WHERE earned > 0) AS occupations,
           count(DISTINCT occupation) FILTER (WHERE earned + booked > 0) AS occupations_to_come
    FROM counted GROUP BY student_id
), by_kind AS (
    SELECT student_id, kind, sum(needed) AS needed, sum(earned) AS earned, sum(booked) AS booked
    FROM (
        SELECT student_id, kind, NULL::int AS needed, earned, booked FROM counted
        UNION ALL
        SELECT chosen.id, one.host_kind, one.class_hours, 0, 0
        FROM chosen
        JOIN hours_requirementminimum one ON one.requirement_id = chosen.requirement_id
    ) part
    GROUP BY student_id, kind
), minimum AS (
    SELECT student_id,
           sum(short.hours) AS hours,
           jsonb_object_agg(kind, short.hours) FILTER (WHERE short.hours > 0) AS kinds,
           bool_and(earned >= needed) AS reached
    FROM by_kind
    CROSS JOIN LATERAL (SELECT greatest(0, needed - earned - booked)::int AS hours) short
    WHERE needed IS NOT NULL
    GROUP BY student_id
), standing AS (
    SELECT chosen.id AS student_id, chosen.class_group_id, chosen.requirement_id, chosen.required,
           coalesce(total.earned, 0)::int AS earned,
           coalesce(total.booked, 0)::int AS booked,
           coalesce(outside.before, 0)::int AS before,
           coalesce(outside.after, 0)::int AS after,
           greatest(
               0,
               coalesce(chosen.required, 0) - coalesce(total.earned, 0)
                   - coalesce(total.booked, 0),
               coalesce(minimum.hours, 0)
           )::int AS missing,
           coalesce(minimum.kinds, '{{}}'::jsonb) AS kinds,
           greatest(
               0, coalesce(chosen.min_occupations, 0) - coalesce(total.occupations_to_come, 0)
           )::int AS occupations,
           chosen.required IS NOT NULL
               AND coalesce(total.earned, 0) >= chosen.required
               AND coalesce(total.occupations, 0) >= chosen.min_occupations
               AND coalesce(minimum.reached, TRUE) AS is_done
    FROM chosen
    LEFT JOIN total ON total.student_id = chosen.id
    LEFT JOIN outside ON outside.student_id = chosen.id
    LEFT JOIN minimum ON minimum.student_id = chosen.id
)
"""

# Places that count as booked: of one student after the other, each looked into the ledger for.
TO_COME_BY_STUDENT = """
    CROSS JOIN LATERAL (
        SELECT place.student_id, place.session_id, session.class_hours,
               (place.starts_at AT TIME ZONE '{zone}')::date AS day
        FROM (
            SELECT * FROM bookings_place
            WHERE student_id = chosen.id AND is_live AND ends_at > %s OFFSET 0
        ) place
        JOIN courses_coursesession session ON session.id = place.session_id
        WHERE session.state = 'scheduled'
          AND NOT (SELECT EXISTS (
            SELECT FROM hours_hourcredit credit
            WHERE credit.student_id = place.student_id AND credit.session_id = place.session_id
              AND credit.class_hours > 0
              AND NOT EXISTS (SELECT FROM hours_hourcredit one WHERE one.reverses_id = credit.id)
          ))
    ) place
"""

# The same of everybody: all places of the sessions to come, and all that is credited of these.
TO_COME = """
    JOIN (
        WITH session AS MATERIALIZED (
            SELECT id, class_hours, (starts_at AT TIME ZONE '{zone}')::date AS day
            FROM courses_coursesession
            WHERE ends_at > %s AND state = 'scheduled'
        ), credited AS MATERIALIZED (
            SELECT credit.student_id, credit.session_id
            FROM session
            CROSS JOIN LATERAL (
                SELECT * FROM hours_hourcredit WHERE session_id = session.id OFFSET 0
            ) credit
            WHERE credit.class_hours > 0
              AND NOT (SELECT EXISTS (
                SELECT FROM hours_hourcredit one WHERE one.reverses_id = credit.id
              ))
        )
        SELECT place.student_id, place.session_id, session.class_hours, session.day
        FROM session
        CROSS JOIN LATERAL (
            SELECT * FROM bookings_place
            WHERE session_id = session.id AND is_live OFFSET 0
        ) place
        WHERE (place.student_id, place.session_id) NOT IN (
            SELECT student_id, session_id FROM credited
        )
    ) place ON place.student_id = chosen.id
"""


def statement(
    students: str, *, everybody: bool = False, required: str = "", instead: str = ""
) -> str:
    """The common part of each statement, for the students that the SQL ``students`` chooses.

    ``instead`` are queries of the WITH, each with a comma after it, that are named like a table
    and so are read in its place: what would be true if it held other rows. Their parameters come
    before those of ``students``.
    """
    to_come = TO_COME if everybody else TO_COME_BY_STUDENT
    return STANDING.format(
        instead=instead,
        students=students,
        zone=SHANGHAI.key,
        to_come=to_come.format(zone=SHANGHAI.key),
        fence="" if everybody else "OFFSET 0",
        required=required,
    )
