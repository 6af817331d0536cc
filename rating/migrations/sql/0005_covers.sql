-- What covers took out of counters, beside the priced rows: by month, insert-only, written by COPY.

DROP TABLE rating_usagecover;

CREATE TABLE rating_usagecover (
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    record_key bigint NOT NULL,
    owner_id bigint NOT NULL,
    owner_account_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    used bigint NOT NULL,
    allowance_id integer NOT NULL,
    period integer NOT NULL,
    source_id smallint NOT NULL,
    revision smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, started_at, source_id, record_key, revision, owner_id, allowance_id)
) PARTITION BY RANGE (started_at);

CREATE TABLE rating_usagecover_default PARTITION OF rating_usagecover DEFAULT;

CREATE TRIGGER rating_usagecover_append_only
    BEFORE UPDATE OR DELETE ON rating_usagecover
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
