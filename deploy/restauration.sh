#!/bin/sh
# Restore a dump into a new, empty database, then prove it by the row counts saved with it.
# Usage: SUPERUSER_DATABASE_URL=postgresql://postgres@…/portail_restaure deploy/restauration.sh FILE.dump
set -eu

dump=${1:?"fichier .dump attendu"}
url=${SUPERUSER_DATABASE_URL:?"SUPERUSER_DATABASE_URL attendue (base neuve, vide)"}
here=$(dirname "$0")
counts="${dump%.dump}.comptes"

psql --no-psqlrc -v ON_ERROR_STOP=1 --single-transaction "$url" --file "$here/roles.sql"
pg_restore --exit-on-error --dbname="$url" "$dump"
psql --no-psqlrc --tuples-only --no-align "$url" --command "
  select table_name || ' ' ||
    (xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || table_name, false, true, '')))[1]
  from information_schema.tables where table_schema = 'public' order by 1" | diff - "$counts"
echo "Restauration vérifiée : mêmes nombres de lignes que lors de la sauvegarde."
