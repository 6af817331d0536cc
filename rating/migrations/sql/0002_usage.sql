-- Priced usage by month of its start (decision A6): insert-only, written by COPY in key order.

DROP TABLE rating_pricedusage;

CREATE TABLE rating_pricedusage (
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    record_key bigint NOT NULL,
    batch_id bigint NOT NULL,
    file_id bigint NOT NULL,
    subscription_id bigint NOT NULL,
    other_number bigint NOT NULL,
    quantity bigint NOT NULL,
    billed bigint NOT NULL,
    allowance_used bigint NOT NULL,
    band_id integer NOT NULL,
    plan_version_id integer NOT NULL,
    deck_version_id integer NOT NULL,
    allowance_id integer NOT NULL,
    source_id smallint NOT NULL,
    revision smallint NOT NULL DEFAULT 0,
    kind smallint NOT NULL,
    zone_id smallint NOT NULL,
    amount numeric(14,2) NOT NULL,
    PRIMARY KEY (account_id, started_at, source_id, record_key, revision)
) PARTITION BY RANGE (started_at);

-- Batches and their hours lie together on disk, so this finds a batch's rows (posting) and the
-- records of a time range (duplicates) in a few pages and costs the load next to nothing.
CREATE INDEX rating_pricedusage_where ON rating_pricedusage
    USING brin (batch_id, started_at) WITH (pages_per_range = 64, autosummarize = on);

CREATE TABLE rating_pricedusage_default PARTITION OF rating_pricedusage DEFAULT;

CREATE TRIGGER rating_pricedusage_append_only
    BEFORE UPDATE OR DELETE ON rating_pricedusage
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();

-- Counters are updated by every slice of a night: room on the page keeps those updates off the index.
ALTER TABLE rating_allowanceuse SET (fillfactor = 60);
