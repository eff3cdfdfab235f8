-- The platform writes its events to a table already. A trigger hands each one over, in the same transaction. The
-- reminders and nudges of the platform's own jobs are left out: Commonwork has its own.
create function public.forward_event() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform commonwork.emit(new.event_type, coalesce(new.payload, '{}'), actor => new.actor_id::text, project => new.project_id::text,
    resource => new.resource_id::text, thread => new.thread_id::text, meeting => new.meeting_id::text,
    occurred_at => new.occurred_at, id => 'domain_events/' || new.id);
  return null;
end $$;
create trigger forward_event after insert on public.domain_events
for each row when (new.event_type not in ('meeting_reminder', 'thread_unread_stale', 'resume_incomplete_nudge'))
execute function public.forward_event();
