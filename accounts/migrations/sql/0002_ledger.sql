-- The ledger by month, its keys, and the narrow balance rows (decisions A1, A2, A7, B1).

DROP TABLE accounts_ledgerentry;

CREATE TABLE accounts_ledgerentry (
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL,
    business_date date NOT NULL,
    kind smallint NOT NULL,
    ref bigint NOT NULL,
    contra smallint NOT NULL,
    fund smallint NOT NULL,
    amount numeric(14, 2) NOT NULL CONSTRAINT ledgerentry_amount_not_zero CHECK (amount <> 0),
    posted_at timestamptz NOT NULL,
    about_subscription_id bigint,
    reverses_id bigint,
    reverses_date date,
    explanation jsonb,
    actor varchar(60) NOT NULL,
    on_behalf_of varchar(60) NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    CONSTRAINT ledgerentry_fund_known CHECK (fund IN (1, 2, 3)),
    CONSTRAINT ledgerentry_reverses_whole CHECK ((reverses_id IS NULL) = (reverses_date IS NULL)),
    PRIMARY KEY (account_id, business_date, id)
) PARTITION BY RANGE (business_date);

CREATE INDEX accounts_ledgerentry_id ON accounts_ledgerentry (id);

CREATE TABLE accounts_ledgerentry_default PARTITION OF accounts_ledgerentry DEFAULT;

CREATE TRIGGER accounts_ledgerentry_append_only
    BEFORE UPDATE OR DELETE ON accounts_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();

-- Not partitioned by date: a repeat on the other side of a month's end must meet its first try.
DROP TABLE accounts_postingkey;

CREATE TABLE accounts_postingkey (
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL,
    kind smallint NOT NULL,
    ref bigint NOT NULL,
    amount numeric(14, 2) NOT NULL,
    business_date date NOT NULL,
    PRIMARY KEY (account_id, kind, ref)
);

-- fillfactor 45 leaves a whole-table update its own pages; no index holds an amount.
DROP TABLE accounts_accountbalance;

CREATE TABLE accounts_accountbalance (
    account_id bigint PRIMARY KEY,
    money numeric(14, 2) NOT NULL DEFAULT 0,
    bonus numeric(14, 2) NOT NULL DEFAULT 0,
    held numeric(14, 2) NOT NULL DEFAULT 0,
    floor numeric(14, 2) NOT NULL DEFAULT 0,
    watch_low numeric(14, 2),
    watch_high numeric(14, 2),
    CONSTRAINT accountbalance_bonus_not_negative CHECK (bonus >= 0),
    CONSTRAINT accountbalance_held_not_negative CHECK (held >= 0),
    CONSTRAINT accountbalance_watch_not_empty CHECK (watch_low < watch_high)
) WITH (fillfactor = 45);

CREATE TRIGGER accounts_adjustment_append_only
    BEFORE UPDATE OR DELETE ON accounts_adjustment
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();

CREATE TRIGGER accounts_transfer_append_only
    BEFORE UPDATE OR DELETE ON accounts_transfer
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
