-- key: organization_id uuid, user_id uuid
-- source: public.org_members by org_id, user_id
select m.org_id as organization_id, m.user_id, m.role, m.created_at from public.org_members m
