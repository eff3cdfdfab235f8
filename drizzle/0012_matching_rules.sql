-- Room for scores that change in place; and a table of which a tenth may change every hour is looked after early.
alter table volunteer_initiative_matches set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
--> statement-breakpoint
-- The sender of automated messages. Number 0 is drawn by no sequence, and the uuid is the one that SYSTEM_USER_ID has by default.
insert into users (id, public_id, name) values (0, '00000000-0000-0000-0000-000000000000', 'System') on conflict do nothing;
