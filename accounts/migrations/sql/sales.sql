-- The package of an assignment is that of its version.
ALTER TABLE accounts_packageassignment ADD CONSTRAINT packageassignment_of_its_package
    FOREIGN KEY (package_version_id, package_id)
    REFERENCES tariffs_packageversion (id, package_id);

-- Prices of their own are for companies: a person's row finds no customer to refer to, and a company
-- that has any can't become a person.
ALTER TABLE accounts_customer ADD CONSTRAINT customer_id_and_kind UNIQUE (id, kind);
ALTER TABLE accounts_feeoverride ADD CONSTRAINT feeoverride_of_a_company
    FOREIGN KEY (customer_id, customer_kind) REFERENCES accounts_customer (id, kind);
ALTER TABLE accounts_deckoverride ADD CONSTRAINT deckoverride_of_a_company
    FOREIGN KEY (customer_id, customer_kind) REFERENCES accounts_customer (id, kind);
