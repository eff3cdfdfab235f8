-- The rules that tables alone cannot state. drizzle/schema.sql shows the result.

-- Ledger: nothing that was written down is changed.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append only: correct it by a reversing transaction', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;
--> statement-breakpoint
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER domain_events_append_only BEFORE UPDATE ON domain_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

-- Ledger: entries of a transaction sum to zero at commit. Looked at once a statement, for the whole statement (a deferred trigger
-- a row would run six times a sale); what is not balanced yet is remembered, and looked at again at commit.
CREATE FUNCTION note_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_unbalanced (transaction_id)
  SELECT transaction_id FROM written_entries GROUP BY transaction_id HAVING sum(amount_micro) <> 0
  ON CONFLICT (transaction_id) DO NOTHING;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS written_entries
  FOR EACH STATEMENT EXECUTE FUNCTION note_unbalanced();
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

-- Referrals: whoever writes referrer_id, the chain stays free of circles and `upline` agrees with it.
-- Newcomers share the lock of their organization; a change of an existing referrer takes it alone, since it moves a whole branch.
CREATE FUNCTION keep_upline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE chain bigint[] := '{}'; ancestor bigint; next_ancestor bigint; home bigint;
BEGIN
  IF NEW.referrer_id IS NULL THEN
    NEW.upline := '{}';
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('referrals'), (NEW.organization_id % 2147483647)::int);
  ELSE
    PERFORM pg_advisory_xact_lock(hashtext('referrals'), (NEW.organization_id % 2147483647)::int);
  END IF;
  ancestor := NEW.referrer_id;
  WHILE ancestor IS NOT NULL LOOP
    IF ancestor = NEW.id OR ancestor = ANY (chain) THEN
      RAISE EXCEPTION 'profile % cannot be referred by %: the chain would close into a circle', NEW.id, NEW.referrer_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'volunteer_profiles_no_circle', TABLE = 'volunteer_profiles';
    END IF;
    SELECT referrer_id, organization_id INTO next_ancestor, home FROM volunteer_profiles WHERE id = ancestor;
    IF home IS DISTINCT FROM NEW.organization_id THEN
      RAISE EXCEPTION 'profile % cannot be referred by %: they belong to different organizations', NEW.id, NEW.referrer_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'volunteer_profiles_one_organization', TABLE = 'volunteer_profiles';
    END IF;
    chain := chain || ancestor;
    -- A newcomer has no descendants, so only an existing profile can close a circle: it walks the whole chain.
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

-- The books begin with their two system accounts.
INSERT INTO ledger_accounts (kind) VALUES ('treasury'), ('held');
