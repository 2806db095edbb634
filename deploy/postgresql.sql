-- The rights of the role under which the platform serves, given by the role that owns the tables and migrates.
--
--   createuser --pwprompt lianbian_serving
--   psql --file=deploy/postgresql.sql DATABASE        # as the owner, once the schema is there
--
-- Then run `python3 -m server migrate` as the owner before each update, and serve and work as lianbian_serving.
-- It reads and writes what people do, and adds to the audit log; it can neither alter nor erase the log, nor
-- change the schema. Tables of later versions are covered when the owner makes them.

GRANT USAGE ON SCHEMA public TO lianbian_serving;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lianbian_serving;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO lianbian_serving;
REVOKE UPDATE, DELETE ON audit_entry FROM lianbian_serving;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM lianbian_serving;
