-- PostgreSQL alone: floor (a) of `make bench-checkin`, run by pgbench with -M prepared.
-- Frozen in its first commit. It writes the rows of one check-in by a badge and asks nothing but
-- whose badge it is. The n-th check-in of a client is of a place that no other has.
\set i :n * :clients + :client_id
\set n :n + 1
\set place :first_place + (:i % :doors) * :places_each + :i / :doors
SELECT p.session_id AS session, p.student_id AS student FROM bookings_place p JOIN attendance_badge b ON b.student_id = p.student_id WHERE p.id = :place AND p.is_live AND b.revoked_at IS NULL \gset
BEGIN;
INSERT INTO attendance_checkin (id, session_id, student_id, place_id, kind, way_in, reason, happened_at, recorded_at, recorded_by_id) VALUES (gen_random_uuid(), :session, :student, :place, 'in', 'api', '', now(), now(), :member);
INSERT INTO accounts_auditentry (at, actor_kind, membership_id, organisation_id, verb, target, facts, address) VALUES (now(), 'membership', :member, :host, 'attendance.in', 'courses.coursesession:' || :session, '{}', '127.0.0.1');
COMMIT;
