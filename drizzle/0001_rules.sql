-- Functions, triggers, storage settings and the first rows: what the table definitions cannot state.
-- drizzle/schema.sql shows the result. `commonwork migrate` pins the search path of every function to this
-- schema and pg_temp, so that a host's session with another path cannot change which tables they read and
-- write. Inside of them, current_schema() is this schema.

-- Append-only tables: the ledger, events, and paid budgets.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: correct it with a reversing transaction', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;
--> statement-breakpoint
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER token_sales_kept BEFORE DELETE OR TRUNCATE ON token_sales
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER domain_events_append_only BEFORE UPDATE ON domain_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER budget_awards_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_awards
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER budget_periods_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_periods
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

-- Every profile gets its account and balance when it is inserted: opening them at the first movement would
-- make groups that settle at the same time wait for each other. An unused account is deleted with its
-- profile; a used one is kept.
CREATE FUNCTION open_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_accounts (kind, profile_id) SELECT 'volunteer', id FROM new_profiles ORDER BY id;
  INSERT INTO ledger_balances (account_id)
  SELECT a.id FROM ledger_accounts a WHERE a.profile_id IN (SELECT id FROM new_profiles) ORDER BY a.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER volunteer_profiles_open_accounts AFTER INSERT ON volunteer_profiles REFERENCING NEW TABLE AS new_profiles
  FOR EACH STATEMENT EXECUTE FUNCTION open_accounts();
--> statement-breakpoint
CREATE FUNCTION keep_used_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.profile_id IS NULL OR EXISTS (SELECT 1 FROM ledger_entries WHERE account_id = OLD.id)
     OR EXISTS (SELECT 1 FROM commissions WHERE beneficiary_id = OLD.profile_id) THEN
    RAISE EXCEPTION 'account % has been used and must be kept', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_accounts_used', TABLE = 'ledger_accounts';
  END IF;
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER ledger_accounts_used BEFORE DELETE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION keep_used_account();
--> statement-breakpoint

-- Ledger entries must name existing accounts and transactions, and the entries of a transaction must sum to
-- zero at commit. Both are checked once per statement: foreign keys or deferred row triggers would run six
-- times a sale. Transactions that do not balance yet are noted in ledger_unbalanced and checked again at
-- commit. Parents are never deleted (above), so a reference cannot break later. The plans are cached by the
-- session; the planner settings keep one made on small tables from reading large ones whole.
CREATE FUNCTION check_written_entries() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT account_id FROM written_entries) w
             WHERE NOT EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.id = w.account_id)) THEN
    RAISE EXCEPTION 'a ledger entry names an account that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entries_account', TABLE = 'ledger_entries';
  END IF;
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT transaction_id FROM written_entries) w
             WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.id = w.transaction_id)) THEN
    RAISE EXCEPTION 'a ledger entry names a transaction that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entries_transaction', TABLE = 'ledger_entries';
  END IF;
  INSERT INTO ledger_unbalanced (transaction_id)
  SELECT transaction_id FROM written_entries GROUP BY transaction_id HAVING sum(amount_micro) <> 0
  ON CONFLICT (transaction_id) DO NOTHING;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER ledger_entries_checked AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS written_entries
  FOR EACH STATEMENT EXECUTE FUNCTION check_written_entries();
--> statement-breakpoint
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric;
BEGIN
  SELECT coalesce(sum(amount_micro), 0) INTO total FROM ledger_entries WHERE transaction_id = NEW.transaction_id;
  IF total <> 0 THEN
    RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_balanced', TABLE = 'ledger_entries';
  END IF;
  DELETE FROM ledger_unbalanced WHERE transaction_id = NEW.transaction_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER ledger_transaction_balanced AFTER INSERT ON ledger_unbalanced
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();
--> statement-breakpoint

-- A commission must name an existing sale and a profile with an account; checked per statement, for the same
-- reason.
CREATE FUNCTION check_written_commissions() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT sale_id FROM written_commissions) w
             WHERE NOT EXISTS (SELECT 1 FROM token_sales s WHERE s.id = w.sale_id)) THEN
    RAISE EXCEPTION 'a commission names a sale that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commissions_sale', TABLE = 'commissions';
  END IF;
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT beneficiary_id FROM written_commissions) w
             WHERE NOT EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.profile_id = w.beneficiary_id)) THEN
    RAISE EXCEPTION 'a commission names a profile without an account'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commissions_beneficiary', TABLE = 'commissions';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER commissions_checked AFTER INSERT ON commissions REFERENCING NEW TABLE AS written_commissions
  FOR EACH STATEMENT EXECUTE FUNCTION check_written_commissions();
--> statement-breakpoint

-- Balances are updated with every movement: free space in the page keeps updates out of the index (HOT).
ALTER TABLE ledger_balances SET (fillfactor = 50);
--> statement-breakpoint

-- Referrals: any write of referrer_id keeps the chain free of cycles and `upline` in step with it. Inserts
-- take the organization's lock shared; changing an existing referrer takes it exclusively, since it moves a
-- whole branch.
CREATE FUNCTION keep_upline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  chain bigint[] := '{}'; ancestor bigint; next_ancestor bigint; home bigint;
  lock_key bigint := hashtextextended(current_schema() || '.referrals.' || NEW.organization_id, 0);
BEGIN
  IF NEW.referrer_id IS NULL THEN
    NEW.upline := '{}';
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM pg_advisory_xact_lock_shared(lock_key);
  ELSE
    PERFORM pg_advisory_xact_lock(lock_key);
  END IF;
  ancestor := NEW.referrer_id;
  WHILE ancestor IS NOT NULL LOOP
    IF ancestor = NEW.id OR ancestor = ANY (chain) THEN
      RAISE EXCEPTION 'profile % cannot be referred by %: the chain would form a cycle', NEW.id, NEW.referrer_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'volunteer_profiles_no_circle', TABLE = 'volunteer_profiles';
    END IF;
    SELECT referrer_id, organization_id INTO next_ancestor, home FROM volunteer_profiles WHERE id = ancestor;
    IF home IS DISTINCT FROM NEW.organization_id THEN
      RAISE EXCEPTION 'profile % cannot be referred by %: they belong to different organizations', NEW.id, NEW.referrer_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'volunteer_profiles_one_organization', TABLE = 'volunteer_profiles';
    END IF;
    chain := chain || ancestor;
    -- A new profile has no descendants and cannot close a cycle; only an existing one has to walk the whole
    -- chain.
    EXIT WHEN TG_OP = 'INSERT' AND cardinality(chain) >= 5;
    ancestor := next_ancestor;
  END LOOP;
  NEW.upline := chain[1:5];
  NEW.referred_at := coalesce(NEW.referred_at, now());
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER volunteer_profiles_keep_upline BEFORE INSERT OR UPDATE OF referrer_id ON volunteer_profiles
  FOR EACH ROW EXECUTE FUNCTION keep_upline();
--> statement-breakpoint
CREATE FUNCTION move_branch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH RECURSIVE branch AS (
    SELECT p.id, (NEW.id || NEW.upline)[1:5] AS upline, 1 AS depth FROM volunteer_profiles p WHERE p.referrer_id = NEW.id
    UNION ALL
    SELECT p.id, (b.id || b.upline)[1:5], b.depth + 1 FROM volunteer_profiles p JOIN branch b ON p.referrer_id = b.id WHERE b.depth < 5
  )
  UPDATE volunteer_profiles p SET upline = branch.upline FROM branch WHERE p.id = branch.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER volunteer_profiles_move_branch AFTER UPDATE OF referrer_id ON volunteer_profiles
  FOR EACH ROW WHEN (OLD.referrer_id IS DISTINCT FROM NEW.referrer_id) EXECUTE FUNCTION move_branch();
--> statement-breakpoint

-- A nightly run may update every multiplier, and the timestamps it adds make a row longer than it was when
-- inserted. With room for a second version in the page no index is written: 4 s instead of 9 s for a million
-- profiles with five indexes.
ALTER TABLE volunteer_profiles SET (fillfactor = 40);
--> statement-breakpoint

-- Multipliers: any write that can change one inserts a mark for the profile and for its referrer, who counts
-- active referrals. Marks are only inserted, so host transactions and runs never wait for each other; a mark
-- that commits late is found by the next run.
CREATE FUNCTION mark_active() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    WITH active AS (SELECT assignee_id AS id, max(activity_at) AS at FROM written WHERE activity_at IS NOT NULL GROUP BY 1)
    SELECT id, at FROM active
    UNION ALL SELECT p.referrer_id, max(a.at) FROM active a JOIN volunteer_profiles p ON p.id = a.id WHERE p.referrer_id IS NOT NULL GROUP BY 1;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    WITH active AS (SELECT assignee_id AS id, max(activity_at) AS at FROM gone WHERE activity_at IS NOT NULL GROUP BY 1)
    SELECT id, at FROM active
    UNION ALL SELECT p.referrer_id, max(a.at) FROM active a JOIN volunteer_profiles p ON p.id = a.id WHERE p.referrer_id IS NOT NULL GROUP BY 1;
  ELSE
    INSERT INTO multiplier_marks (profile_id, due_at)
    WITH changed AS (
      SELECT w.assignee_id AS id, greatest(w.activity_at, g.activity_at) AS at FROM written w JOIN gone g ON g.id = w.id
      WHERE (w.assignee_id, w.submitted_at, w.status = 'approved', w.reviewed_at) IS DISTINCT FROM (g.assignee_id, g.submitted_at, g.status = 'approved', g.reviewed_at)
        AND coalesce(w.activity_at, g.activity_at) IS NOT NULL
      UNION ALL
      SELECT g.assignee_id, g.activity_at FROM written w JOIN gone g ON g.id = w.id
      WHERE w.assignee_id <> g.assignee_id AND g.activity_at IS NOT NULL),
    active AS (SELECT id, max(at) AS at FROM changed GROUP BY 1)
    SELECT id, at FROM active
    UNION ALL SELECT p.referrer_id, max(a.at) FROM active a JOIN volunteer_profiles p ON p.id = a.id WHERE p.referrer_id IS NOT NULL GROUP BY 1;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER task_assignments_mark_inserted AFTER INSERT ON task_assignments REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
--> statement-breakpoint
CREATE TRIGGER task_assignments_mark_updated AFTER UPDATE ON task_assignments REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
--> statement-breakpoint
CREATE TRIGGER task_assignments_mark_deleted AFTER DELETE ON task_assignments REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
--> statement-breakpoint

-- A row trigger, so that the run itself, which writes neither column, does not pay for it.
-- A new referrer counts the profile's past activity and the marks already waiting for it, even those due
-- after the next run. A transaction that is still writing an assignment marks the referrer it sees, the old
-- one, so the new one is looked at again for a day until such transactions have ended. (Locks would make the
-- host wait, or deadlock when it updates profile and assignment together.)
CREATE FUNCTION mark_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO multiplier_marks (profile_id, due_at) VALUES (NEW.id, '-infinity');
  IF TG_OP = 'UPDATE' AND NEW.referrer_id IS DISTINCT FROM OLD.referrer_id THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    SELECT id, '-infinity' FROM unnest(ARRAY[OLD.referrer_id, NEW.referrer_id]) AS referrer(id) WHERE id IS NOT NULL
    UNION ALL SELECT NEW.referrer_id, now() + interval '24 hours' WHERE NEW.referrer_id IS NOT NULL
    UNION ALL SELECT NEW.referrer_id, m.due_at FROM multiplier_marks m WHERE m.profile_id = NEW.id AND NEW.referrer_id IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER volunteer_profiles_mark_level AFTER UPDATE OF level, referrer_id ON volunteer_profiles
  FOR EACH ROW WHEN (OLD.level IS DISTINCT FROM NEW.level OR OLD.referrer_id IS DISTINCT FROM NEW.referrer_id) EXECUTE FUNCTION mark_profile();
--> statement-breakpoint
CREATE TRIGGER volunteer_profiles_mark_new AFTER INSERT ON volunteer_profiles
  FOR EACH ROW WHEN (NEW.level > 1) EXECUTE FUNCTION mark_profile();
--> statement-breakpoint

-- Unread messages: any write that can make a nudge due inserts a mark. Marks are only inserted, so host
-- transactions and runs never wait for each other. A message gets one mark for all participants, due when the
-- message is as old as the threshold.
CREATE FUNCTION mark_written_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, at) SELECT thread_id, created_at FROM written;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER messages_mark_unread AFTER INSERT ON messages REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_written_messages();
--> statement-breakpoint

-- Every other change of what is unread marks each participant for the next run.
CREATE FUNCTION mark_gone_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT p.thread_id, p.user_id, '-infinity' FROM (SELECT DISTINCT thread_id FROM gone) g JOIN chat_thread_participants p ON p.thread_id = g.thread_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER messages_mark_gone AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION mark_gone_messages();
--> statement-breakpoint
CREATE FUNCTION mark_moved_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT p.thread_id, p.user_id, '-infinity'
  FROM (SELECT unnest(ARRAY[g.thread_id, w.thread_id]) AS thread_id FROM written w JOIN gone g ON g.id = w.id
        WHERE (w.thread_id, w.sender_id, w.created_at) IS DISTINCT FROM (g.thread_id, g.sender_id, g.created_at) GROUP BY 1) m
  JOIN chat_thread_participants p ON p.thread_id = m.thread_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER messages_mark_moved AFTER UPDATE ON messages REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_messages();
--> statement-breakpoint
CREATE FUNCTION mark_new_participants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at) SELECT thread_id, user_id, '-infinity' FROM written;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER chat_thread_participants_mark_new AFTER INSERT ON chat_thread_participants REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_new_participants();
--> statement-breakpoint
-- Reading to the end, the usual case, inserts no mark: nothing is unread, and later messages insert their
-- own.
CREATE FUNCTION mark_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT w.thread_id, w.user_id, '-infinity' FROM written w JOIN gone g ON g.thread_id = w.thread_id AND g.user_id = w.user_id
  WHERE (w.last_read_at, w.joined_at) IS DISTINCT FROM (g.last_read_at, g.joined_at)
    AND EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = w.thread_id AND m.created_at > coalesce(w.last_read_at, '-infinity') AND m.sender_id <> w.user_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER chat_thread_participants_mark_reading AFTER UPDATE ON chat_thread_participants REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_reading();
--> statement-breakpoint
CREATE FUNCTION mark_moved_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at) SELECT p.thread_id, p.user_id, '-infinity' FROM chat_thread_participants p WHERE p.thread_id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER chat_threads_mark_moved AFTER UPDATE OF project_id ON chat_threads
  FOR EACH ROW WHEN (OLD.project_id IS DISTINCT FROM NEW.project_id) EXECUTE FUNCTION mark_moved_thread();
--> statement-breakpoint
-- A preference may unmute any watched thread of its user.
CREATE FUNCTION mark_preferences() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO unread_marks (user_id, at) SELECT DISTINCT user_id, '-infinity'::timestamptz FROM gone;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO unread_marks (user_id, at) SELECT DISTINCT user_id, '-infinity'::timestamptz FROM written;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER notification_preferences_mark_new AFTER INSERT ON notification_preferences REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
--> statement-breakpoint
CREATE TRIGGER notification_preferences_mark_changed AFTER UPDATE ON notification_preferences REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
--> statement-breakpoint
CREATE TRIGGER notification_preferences_mark_gone AFTER DELETE ON notification_preferences REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
--> statement-breakpoint

-- Matches: room for scores that are updated in place, and early vacuum and analyze, since a tenth of the
-- table may change every hour.
ALTER TABLE volunteer_initiative_matches SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
--> statement-breakpoint

-- The fan-out of an event is asked for by the statement that inserts it, wherever it comes from: one entry
-- per hundred events, so that the sales of a group, with a thousand events, cost ten rows. Only rows from
-- outside the service are notified: a notice in every transaction would halve the commits per second. The
-- service sets `<schema>.relayed` in its own transactions.
CREATE FUNCTION ask_for_fan_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (queue, job, key, payload)
  SELECT 'notifications', 'notify-fan-out',
         CASE WHEN count(*) = 1 THEN min(id)::text ELSE min(id) || '..' || max(id) END,
         jsonb_build_object('eventIds', jsonb_agg(id::text ORDER BY id))
  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / 100 AS entry FROM written_events) e
  GROUP BY entry ORDER BY entry
  ON CONFLICT (job, key) DO NOTHING;
  IF FOUND AND current_setting(current_schema() || '.relayed', true) IS DISTINCT FROM 'on' THEN
    PERFORM pg_notify(current_schema() || '_enqueued', '');
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER domain_events_ask_for_fan_out AFTER INSERT ON domain_events REFERENCING NEW TABLE AS written_events
  FOR EACH STATEMENT EXECUTE FUNCTION ask_for_fan_out();
--> statement-breakpoint

-- First rows: the system accounts of the ledger, the position of the event sweep, and the sender of automated
-- messages. No sequence draws id 0; the uuid is the default of SYSTEM_USER_ID.
INSERT INTO ledger_accounts (kind) VALUES ('treasury'), ('held');
--> statement-breakpoint
INSERT INTO event_sweep (one) VALUES (true);
--> statement-breakpoint
INSERT INTO users (id, public_id, name) VALUES (0, '00000000-0000-0000-0000-000000000000', 'System');
