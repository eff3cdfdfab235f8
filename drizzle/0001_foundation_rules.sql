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

-- Every profile has an account and a balance from the start: opening them at the first movement would make settling groups wait
-- for each other. An account that was never used goes with its profile; one that was is kept.
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
    RAISE EXCEPTION 'account % has been used: it is kept for the books', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_accounts_used', TABLE = 'ledger_accounts';
  END IF;
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER ledger_accounts_used BEFORE DELETE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION keep_used_account();
--> statement-breakpoint
CREATE TRIGGER token_sales_kept BEFORE DELETE OR TRUNCATE ON token_sales
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

-- Ledger: entries refer to what exists, and those of a transaction sum to zero at commit. Both are looked at once a statement, for
-- the whole statement: a foreign key or a deferred trigger a row would run six times a sale. What is not balanced yet is remembered,
-- and looked at again at commit. Parents are never deleted (above), so the reference cannot break later.
-- (Its plan is kept by the session: one that was made while the tables were small must not read them whole when they are large.)
CREATE FUNCTION check_written_entries() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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

-- Commissions: a line belongs to a sale, and to somebody with an account.
CREATE FUNCTION check_written_commissions() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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

-- Balances are rewritten with every movement: room in the page keeps that from touching the index.
ALTER TABLE ledger_balances SET (fillfactor = 50);
--> statement-breakpoint

-- The books begin with their two system accounts.
INSERT INTO ledger_accounts (kind) VALUES ('treasury'), ('held');
