-- PostgreSQL alone: floor (a) of the batches of `make bench-checkin`, run by pgbench with
-- -M prepared. Frozen in its first commit. It writes the rows of one batch of a device: who came
-- and who left at ten doors. The n-th batch of a client is of a device and doors no other has.
\set i :n * :clients + :client_id
\set n :n + 1
\set device :first_device + :i
\set session :first_session + :i * 10
\set last :session + 9
BEGIN;
UPDATE attendance_device SET last_seen_at = now(), clock_ahead = interval '0' WHERE id = :device;
INSERT INTO attendance_checkin (id, session_id, student_id, place_id, kind, way_in, device_id, reason, happened_at, recorded_at, recorded_by_id) SELECT gen_random_uuid(), p.session_id, p.student_id, p.id, e.kind, e.way_in, :device, '', CASE e.kind WHEN 'in' THEN p.starts_at ELSE p.ends_at END, now(), :member FROM bookings_place p, (VALUES ('in', 'scanner'), ('out', 'tick')) AS e (kind, way_in) WHERE p.session_id BETWEEN :session AND :last AND p.is_live;
INSERT INTO accounts_auditentry (at, actor_kind, membership_id, organisation_id, verb, target, facts, address) SELECT now(), 'membership', :member, :host, 'attendance.synced', 'courses.coursesession:' || one, '{"device": 1, "events": 50, "doubtful": 0, "withdrawn": 0}', '127.0.0.1' FROM generate_series(CAST(:session AS bigint), CAST(:last AS bigint)) AS one;
COMMIT;
