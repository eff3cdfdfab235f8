-- Before Commonwork is removed: the trigger calls it.
drop trigger forward_event on public.domain_events;
drop function public.forward_event();
