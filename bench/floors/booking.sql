-- PostgreSQL alone: floor (a) of `make bench-booking`, run by pgbench with -M prepared.
-- Frozen in its first commit. It writes the rows of one booking of 30 named students and asks
-- nothing. The n-th booking of a client is of a class and a session that no other has.
\set i :n * :clients + :client_id
\set n :n + 1
\set session :first_session + (:i % :sessions)
\set group_index :i % :groups
\set group :first_group + :group_index
\set school_index :group_index / :groups_per_school
\set school :first_school + :school_index
\set member :first_member + :school_index
\set person :first_person + :school_index
\set student :first_student + :group_index * 30
BEGIN;
INSERT INTO bookings_reservation (reference, school_id, made_by_id, made_at, contact_name, contact_phone, note, idempotency_key, request_digest) VALUES (substr(md5(random()::text), 1, 12), :school, :member, now(), '沈老师', '', '', gen_random_uuid()::text, md5('') || md5('')) RETURNING id AS reservation \gset
INSERT INTO bookings_booking (reservation_id, session_id, class_group_id, school_id, host_id, state, seats, adults, edition, uid, sequence, created_at, cancelled_side, cancel_reason, cancel_code, is_late, no_show_code) VALUES (:reservation, :session, :group, :school, :host, 'confirmed', 30, 2, 1, gen_random_uuid(), 0, now(), '', '', '', false, '') RETURNING id AS booking \gset
INSERT INTO bookings_place (booking_id, session_id, school_id, host_id, student_id, starts_at, ends_at, is_live, is_walk_in) SELECT :booking, :session, :school, :host, :student + seat, starts_at, ends_at, true, false FROM courses_coursesession, generate_series(0, 29) AS seat WHERE id = :session;
INSERT INTO accounts_auditentry (at, actor_kind, membership_id, organisation_id, verb, target, facts) VALUES (now(), 'membership', :member, :school, 'reservation.made', 'bookings.reservation:' || :reservation, '{"seats": 30}');
WITH told AS (INSERT INTO notifications_message (key, recipient_id, kind, subject, body, path, calendar, calendar_method, created_at) SELECT gen_random_uuid(), :person, 'booking_confirmed', '预约已确认', repeat('课程：面包师', 25), '/trips/1/', repeat(calendar, 600), method, now() FROM (VALUES ('x', 'REQUEST'), ('', '')) AS two (calendar, method) RETURNING id) INSERT INTO notifications_delivery (message_id, address, state, attempts, created_at, last_error) SELECT id, 'person@example.org', 'waiting', 0, now(), '' FROM told;
INSERT INTO django_q_ormq (key, payload, lock) VALUES ('career-classroom', repeat('x', 260), now());
UPDATE courses_coursesession SET seats_taken = seats_taken + 30, adults_coming = adults_coming + 2 WHERE id = :session AND state = 'scheduled' AND capacity >= seats_taken + seats_held + 30;
COMMIT;
