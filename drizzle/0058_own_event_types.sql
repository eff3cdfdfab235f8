-- The types that only Commonwork emits: OWN_EVENT_TYPES in src/events/host-event-types.ts has the same. One
-- that a host emitted became a dead letter; now its own statement fails.
CREATE FUNCTION own_event_types() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY['budget.awarded', 'calendar.action_required', 'candidate.matched', 'commission.earned', 'commission.held',
    'lead.candidates_found', 'meeting_reminder', 'recommendations.ready', 'resume_incomplete_nudge', 'thread_unread_stale'];
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION own_event_types() FROM PUBLIC;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION emit(type text, payload jsonb DEFAULT '{}', actor text DEFAULT NULL, project text DEFAULT NULL, resource text DEFAULT NULL,
  thread text DEFAULT NULL, meeting text DEFAULT NULL, occurred_at timestamptz DEFAULT now(), id text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF coalesce(type !~ '^[a-z][a-z0-9_]{0,62}(\.[a-z0-9_]{1,63})?$', true) THEN
    RAISE EXCEPTION 'the type of an event is a name in lower case, such as invoice_paid or invoice.paid' USING ERRCODE = '22023';
  END IF;
  IF type = ANY (own_event_types()) THEN
    RAISE EXCEPTION 'a host cannot emit events of the type %', type
      USING ERRCODE = '42501', HINT = 'Only Commonwork emits them. An event of your own needs another type.';
  END IF;
  IF jsonb_typeof(payload) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'the payload of an event is a JSON object' USING ERRCODE = '22023';
  END IF;
  RETURN append_for_host('record-host-event', jsonb_build_object('event', jsonb_build_object('payload', payload) || jsonb_strip_nulls(
    jsonb_build_object('type', type, 'actor', actor, 'project', project, 'resource', resource, 'thread', thread, 'meeting', meeting,
      'occurredAt', (to_jsonb(coalesce(occurred_at, now()) AT TIME ZONE 'UTC') #>> '{}') || 'Z', 'id', id))));
END $$;
