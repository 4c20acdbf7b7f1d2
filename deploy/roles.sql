-- Roles of the portal and rights on the database in which this file is executed.
--
-- Run as a superuser of PostgreSQL 16 or later, inside the portal's own database, as often as
-- wanted:  psql -v ON_ERROR_STOP=1 --single-transaction -d portail -f deploy/roles.sql
-- It sets no password: give each login its own afterwards (\password portail_app, ...).
--
-- portail_owner    owns every object; nobody signs in as it
-- portail_migrate  signs in for migrations and takes the owner's role explicitly
-- portail_app      web; portail_worker: jobs. No right of their own: each transaction takes the
--                  role of the kind of actor it serves, and forgetting to do so fails closed
-- portail_operator what the operator's commands may do, taken by portail_migrate explicitly
-- portail_backup   reads every row, for pg_dump only

DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY[
    'portail_owner', 'portail_migrate', 'portail_app', 'portail_worker', 'portail_backup',
    'portail_bailleur', 'portail_reservataire', 'portail_prefecture', 'portail_epci',
    'portail_identity', 'portail_system', 'portail_operator', 'portail_demo'
  ] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I', role_name);
    END IF;
    EXECUTE format(
      'ALTER ROLE %I %s %s %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION',
      role_name,
      CASE WHEN role_name IN (
        'portail_migrate', 'portail_app', 'portail_worker', 'portail_backup'
      ) THEN 'LOGIN' ELSE 'NOLOGIN' END,
      CASE WHEN role_name = 'portail_backup' THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
      CASE WHEN role_name = 'portail_backup' THEN 'INHERIT' ELSE 'NOINHERIT' END
    );
  END LOOP;
END
$$;

GRANT portail_owner, portail_operator TO portail_migrate WITH INHERIT FALSE, SET TRUE, ADMIN FALSE;

GRANT portail_bailleur, portail_reservataire, portail_prefecture, portail_epci, portail_identity
  TO portail_app WITH INHERIT FALSE, SET TRUE, ADMIN FALSE;

GRANT portail_bailleur, portail_reservataire, portail_prefecture, portail_epci, portail_system
  TO portail_worker WITH INHERIT FALSE, SET TRUE, ADMIN FALSE;

GRANT pg_read_all_data TO portail_backup WITH INHERIT TRUE, SET FALSE, ADMIN FALSE;

-- Any other membership of the logins is a mistake or a remnant, the demonstration's clock
-- included: the demonstration grants it to itself after this file.
DO $$
DECLARE
  extra record;
BEGIN
  FOR extra IN
    SELECT granted.rolname AS role_name, member.rolname AS login
    FROM pg_auth_members AS link
    JOIN pg_roles AS granted ON granted.oid = link.roleid
    JOIN pg_roles AS member ON member.oid = link.member
    WHERE (member.rolname = 'portail_migrate' AND granted.rolname NOT IN (
        'portail_owner', 'portail_operator'))
      OR (member.rolname = 'portail_backup' AND granted.rolname <> 'pg_read_all_data')
      OR (member.rolname = 'portail_app' AND granted.rolname NOT IN (
        'portail_bailleur', 'portail_reservataire', 'portail_prefecture', 'portail_epci',
        'portail_identity'))
      OR (member.rolname = 'portail_worker' AND granted.rolname NOT IN (
        'portail_bailleur', 'portail_reservataire', 'portail_prefecture', 'portail_epci',
        'portail_system'))
  LOOP
    EXECUTE format('REVOKE %I FROM %I CASCADE', extra.role_name, extra.login);
  END LOOP;
END
$$;

DO $$
BEGIN
  EXECUTE format('ALTER DATABASE %I OWNER TO portail_owner', current_database());
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format(
    'GRANT CONNECT ON DATABASE %I TO portail_migrate, portail_app, portail_worker, portail_backup',
    current_database()
  );
END
$$;

ALTER SCHEMA public OWNER TO portail_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO
  portail_bailleur, portail_reservataire, portail_prefecture, portail_epci,
  portail_identity, portail_system, portail_operator, portail_demo, portail_app, portail_worker;
