#!/bin/sh
# Save one database: roles, data, policies. portail_backup reads every row (BYPASSRLS): a dump made
# by the owner would exit 0 and be empty, since row-level security is forced.
# Usage: BACKUP_DATABASE_URL=postgresql://portail_backup:…@…/portail deploy/sauvegarde.sh FOLDER
set -eu

folder=${1:?"dossier de destination attendu"}
url=${BACKUP_DATABASE_URL:?"BACKUP_DATABASE_URL attendue (compte portail_backup)"}
name="$folder/portail-$(date -u +%Y%m%dT%H%M%SZ)"

pg_dump --format=custom --file="$name.dump.partial" "$url"
psql --no-psqlrc --tuples-only --no-align "$url" --command "
  select table_name || ' ' ||
    (xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || table_name, false, true, '')))[1]
  from information_schema.tables where table_schema = 'public' order by 1" > "$name.comptes"
mv "$name.dump.partial" "$name.dump"
echo "$name.dump"
