-- What everybody was notified of, and who was paid.
select line from (
  select coalesce(nullif(u.name, ''), 'a deleted user') || ': ' || n.title as line
  from commonwork.notifications n join commonwork.users u on u.id = n.user_id
  union all
  select u.name || ' was paid ' || trim_scale(b.balance_micro / 1000000.0) || ' tokens'
  from commonwork.ledger_balances b join commonwork.ledger_accounts a on a.id = b.account_id
  join commonwork.volunteer_profiles v on v.id = a.profile_id join commonwork.users u on u.id = v.user_id
  where b.balance_micro > 0
) results order by line collate "C";
