-- 100,000 sessions and about 1,000,000 places beside the demonstration's rows.
--
-- Forty hosts with two rooms and three courses each, a hundred schools with thirty classes of
-- twenty. Nine seasons have passed, at all hosts and with all classes, those of the demonstration
-- too: its pages have a history. A tenth lies in the season of the demonstration, at the new
-- hosts and with the new classes: what a demonstration's page shows of its own stays the same.
-- Every other session has a booking, of a whole class; what has passed was attended and credited.
--
-- Checks, unique and exclusion constraints hold as ever; foreign keys are right by construction.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
SET work_mem = '128MB';

INSERT INTO accounts_user (password, is_superuser, email, name, phone, language, is_active,
    is_staff, joined_at)
VALUES ('!', false, 'pages@example.org', '王老师', '', 'zh-hans', true, false, now());

INSERT INTO accounts_organisation (kind, name, short_name, name_en, stages, school_kind, address,
    contact_name, contact_phone, is_active, created_at)
SELECT (ARRAY['vocational_school', 'enterprise', 'education_unit'])[1 + n % 3],
    '开课单位 ' || n, '', '', '{}'::varchar[], '', '', '', '', true, now()
FROM generate_series(1, 40) n
UNION ALL
SELECT 'school', '学校 ' || n, '', '', '{junior}'::varchar[], 'public', '', '', '', true, now()
FROM generate_series(1, 100) n;

INSERT INTO accounts_membership (user_id, organisation_id, role, created_at)
SELECT person.id, organisation.id,
    CASE organisation.kind WHEN 'school' THEN 'school_coordinator' ELSE 'host_manager' END, now()
FROM accounts_user person, accounts_organisation organisation
WHERE person.email = 'pages@example.org' AND organisation.name ~ '^(开课单位|学校) \d+$';

CREATE TEMP TABLE bench_new AS
SELECT organisation.id, organisation.kind, organisation.name, member.id AS membership_id
FROM accounts_organisation organisation
JOIN accounts_membership member ON member.organisation_id = organisation.id
JOIN accounts_user person ON person.id = member.user_id AND person.email = 'pages@example.org';

INSERT INTO sites_site (name, name_en, address, contact_name, contact_phone, opening_hours,
    directions, is_practice_base, is_active, host_id)
SELECT '实训中心', '', '', '', '', '', '', false, true, id FROM bench_new WHERE kind <> 'school';

INSERT INTO sites_room (name, floor_area_m2, stations, licensed_capacity, is_active, host_id,
    site_id)
SELECT n || ' 号实训室', 200, 60, 60, true, site.host_id, site.id
FROM sites_site site JOIN bench_new ON bench_new.id = site.host_id, generate_series(1, 2) n;

INSERT INTO courses_course (code, created_at, host_id)
SELECT 'PAGES-' || id || '-' || n, now(), id FROM bench_new, generate_series(1, 3) n
WHERE kind <> 'school';

-- Of families and occupations like those of the demonstration.
CREATE TEMP TABLE bench_like AS
SELECT row_number() OVER (ORDER BY id) - 1 AS i, count(*) OVER () AS published, *
FROM courses_courseversion WHERE state = 'published';

INSERT INTO courses_courseversion (number, state, title_zh, title_en, occupation_zh,
    occupation_en, occupation_family, stages, grade_from, grade_to, class_hours, group_size_min,
    group_size_max, mode, labour_task_group, summary_zh, summary_en, plan, materials, hazards,
    needs_assistant, assessment, handbook, created_at, published_at, edition, course_id, host_id,
    min_adults, students_per_adult)
SELECT 1, 'published', one.title_zh, one.title_en, one.occupation_zh, one.occupation_en,
    one.occupation_family, '{junior}', 6, 9, 4, 1, 60, 'on_site', '', one.summary_zh,
    one.summary_en, one.plan, one.materials, one.hazards, false, '', '', now(), now(), 1,
    course.id, course.host_id, 2, 20
FROM (
    SELECT course.*, row_number() OVER (ORDER BY course.id) AS i
    FROM courses_course course JOIN bench_new ON bench_new.id = course.host_id
) course
JOIN bench_like one ON one.i = course.i % one.published;

UPDATE courses_course course SET published_version_id = version.id
FROM courses_courseversion version, bench_new
WHERE version.course_id = course.id AND course.host_id = bench_new.id;

INSERT INTO rosters_classgroup (stage, entry_year, number, school_id)
SELECT 'junior', year.first - n % 4, 1 + n / 4, id
FROM bench_new, generate_series(0, 29) n,
    (SELECT max(entry_year) AS first FROM rosters_classgroup WHERE stage = 'junior') year
WHERE kind = 'school';

INSERT INTO rosters_student (name, student_no, seat_no, joined_at, class_group_id, school_id,
    initials)
SELECT '王小明', '', seat, now(), class.id, class.school_id, ''
FROM rosters_classgroup class JOIN bench_new ON bench_new.id = class.school_id,
    generate_series(1, 20) seat;

-- Season 9 is the demonstration's own.
CREATE TEMP TABLE bench_season AS
SELECT 9 AS k, id, runs_from, runs_until - runs_from + 1 AS days FROM courses_season
ORDER BY runs_from DESC LIMIT 1;

INSERT INTO courses_season (name, school_year, opens_at, closes_at, runs_from, runs_until,
    freeze_days)
SELECT '过去的预约季 ' || past, extract(year FROM first), first - 10, first + 139, first, first + 139, 3
FROM generate_series(0, 8) past, bench_season now,
    LATERAL (SELECT now.runs_from - (9 - past) * 150 AS first) day;

INSERT INTO bench_season
SELECT right(name, 1)::int, id, runs_from, 140 FROM courses_season
WHERE name ~ '^过去的预约季 \d$';

CREATE TEMP TABLE bench_version AS
SELECT id, host_id, row_number() OVER (PARTITION BY host_id ORDER BY id) - 1 AS i,
    count(*) OVER (PARTITION BY host_id) AS number
FROM courses_courseversion WHERE state = 'published';

CREATE TEMP TABLE bench_room AS
SELECT room.id, room.host_id, bench_new.id IS NOT NULL AS is_new,
    row_number() OVER (ORDER BY bench_new.id IS NULL, room.id) - 1 AS i
FROM sites_room room LEFT JOIN bench_new ON bench_new.id = room.host_id
WHERE room.host_id IN (SELECT host_id FROM bench_version);

CREATE TEMP TABLE bench_session AS
SELECT n, keys.session + n AS id, keys.hold + n AS hold_id, season.k, season.id AS season_id,
    room.id AS room_id, room.host_id, version.id AS version_id,
    (day + CASE turn.slot % 2 WHEN 0 THEN time '09:00' ELSE time '13:30' END)
        AT TIME ZONE 'Asia/Shanghai' AS starts_at
FROM generate_series(0, 99999) n
CROSS JOIN (
    SELECT (SELECT max(id) + 1 FROM courses_coursesession) AS session,
        (SELECT max(id) + 1 FROM sites_roomhold) AS hold,
        (SELECT count(*) FROM bench_room) AS rooms,
        (SELECT count(*) FROM bench_room WHERE is_new) AS new_rooms
) keys
JOIN bench_season season ON season.k = n / 10000
CROSS JOIN LATERAL (
    SELECT CASE season.k WHEN 9 THEN keys.new_rooms ELSE keys.rooms END AS rooms
) used
CROSS JOIN LATERAL (
    SELECT (n % 10000) / used.rooms AS slot, 10000 / used.rooms + 1 AS slots
) turn
JOIN bench_room room ON room.i = (n % 10000) % used.rooms
JOIN bench_version version
    ON version.host_id = room.host_id AND version.i = turn.slot % version.number
CROSS JOIN LATERAL (
    SELECT season.runs_from + ((turn.slot / 2) * season.days / (turn.slots / 2 + 1))::int AS day
) at;

INSERT INTO sites_roomhold (id, period, kind, reason, room_id) OVERRIDING SYSTEM VALUE
SELECT hold_id, tstzrange(starts_at, starts_at + interval '2 hours', '[)'), 'session', '', room_id
FROM bench_session;

CREATE TEMP TABLE bench_class AS
SELECT class.id, class.school_id, bench_new.id IS NOT NULL AS is_new, member.id AS membership_id,
    (SELECT count(*) FROM rosters_student student WHERE student.class_group_id = class.id
        AND student.left_at IS NULL AND student.merged_into_id IS NULL) AS students,
    row_number() OVER (ORDER BY bench_new.id IS NULL, class.id) - 1 AS i
FROM rosters_classgroup class LEFT JOIN bench_new ON bench_new.id = class.school_id
JOIN LATERAL (
    SELECT id FROM accounts_membership
    WHERE organisation_id = class.school_id AND role = 'school_coordinator'
    ORDER BY id LIMIT 1
) member ON true
WHERE class.archived_at IS NULL;

CREATE TEMP TABLE bench_booking AS
SELECT session.*, keys.booking + session.n AS booking_id, keys.reservation + session.n
    AS reservation_id, class.id AS class_id, class.school_id, class.membership_id, class.students
FROM bench_session session
CROSS JOIN (
    SELECT (SELECT max(id) + 1 FROM bookings_booking) AS booking,
        (SELECT max(id) + 1 FROM bookings_reservation) AS reservation,
        (SELECT count(*) FROM bench_class) AS classes,
        (SELECT count(*) FROM bench_class WHERE is_new) AS new_classes
) keys
JOIN bench_class class
    ON class.i = (session.n / 2) % CASE session.k WHEN 9 THEN new_classes ELSE classes END
WHERE session.n % 2 = 0 AND class.students > 0;

INSERT INTO courses_coursesession (id, state, starts_at, ends_at, class_hours, venue, online_url,
    capacity, seats_taken, seats_held, cancel_reason, uid, sequence, created_at, host_id, room_id,
    room_hold_id, version_id, season_id, adults_coming, adults_held) OVERRIDING SYSTEM VALUE
SELECT session.id, 'scheduled', session.starts_at, session.starts_at + interval '2 hours', 4,
    'room', '', 60, coalesce(booking.students, 0), 0, '', gen_random_uuid(), 0, now(),
    session.host_id, session.room_id, session.hold_id, session.version_id, session.season_id,
    CASE WHEN booking.booking_id IS NULL THEN 0 ELSE 2 END, 0
FROM bench_session session LEFT JOIN bench_booking booking ON booking.n = session.n;

INSERT INTO bookings_reservation (id, reference, made_at, contact_name, contact_phone, note,
    idempotency_key, request_digest, made_by_id, school_id) OVERRIDING SYSTEM VALUE
SELECT reservation_id, 'B' || n, least(now(), starts_at - interval '30 days'), '', '', '',
    'bench-' || n, '', membership_id, school_id
FROM bench_booking;

INSERT INTO bookings_booking (id, state, seats, edition, uid, sequence, created_at,
    cancelled_side, cancel_reason, class_group_id, host_id, school_id, session_id, reservation_id,
    adults, cancel_code, is_late, no_show_code) OVERRIDING SYSTEM VALUE
SELECT booking_id, 'confirmed', students, 1, gen_random_uuid(), 0,
    least(now(), starts_at - interval '30 days'), '', '', class_id, host_id, school_id, id,
    reservation_id, 2, '', false, ''
FROM bench_booking;

INSERT INTO bookings_place (starts_at, ends_at, is_live, is_walk_in, booking_id, host_id,
    school_id, session_id, student_id)
SELECT booking.starts_at, booking.starts_at + interval '2 hours', true, false, booking.booking_id,
    booking.host_id, booking.school_id, booking.id, student.id
FROM bench_booking booking
JOIN rosters_student student ON student.class_group_id = booking.class_id
    AND student.left_at IS NULL AND student.merged_into_id IS NULL;

INSERT INTO attendance_desk (opened_at, closed_at, closings, reopen_reason, closed_by_id, host_id,
    opened_by_id, session_id)
SELECT starts_at - interval '20 minutes', starts_at + interval '3 hours', 1, '', member.id,
    booking.host_id, member.id, booking.id
FROM bench_booking booking
JOIN LATERAL (
    SELECT id FROM accounts_membership
    WHERE organisation_id = booking.host_id AND role = 'host_manager' ORDER BY id LIMIT 1
) member ON true
WHERE starts_at < now() - interval '1 day';

INSERT INTO attendance_checkin (id, kind, way_in, reason, happened_at, recorded_at, place_id,
    session_id, student_id)
SELECT gen_random_uuid(), 'in', 'camera', '', place.starts_at - interval '5 minutes',
    place.starts_at - interval '5 minutes', place.id, place.session_id, place.student_id
FROM bookings_place place
JOIN bench_booking booking ON booking.booking_id = place.booking_id
WHERE place.starts_at < now() - interval '1 day';

INSERT INTO hours_hourcredit (kind, class_hours, revision, rule_version, reason, earned_on,
    credited_at, school_id, session_id, student_id)
SELECT 'attendance', 4, 1, 1, '', (place.starts_at AT TIME ZONE 'Asia/Shanghai')::date,
    place.ends_at, place.school_id, place.session_id, place.student_id
FROM bookings_place place
JOIN bench_booking booking ON booking.booking_id = place.booking_id
WHERE place.starts_at < now() - interval '1 day';

-- Keys that were given out by hand are not given again.
SELECT setval(pg_get_serial_sequence('courses_coursesession', 'id'), max(id))
    FROM courses_coursesession;
SELECT setval(pg_get_serial_sequence('sites_roomhold', 'id'), max(id)) FROM sites_roomhold;
SELECT setval(pg_get_serial_sequence('bookings_booking', 'id'), max(id)) FROM bookings_booking;
SELECT setval(pg_get_serial_sequence('bookings_reservation', 'id'), max(id))
    FROM bookings_reservation;

RESET session_replication_role;
VACUUM (ANALYZE);
