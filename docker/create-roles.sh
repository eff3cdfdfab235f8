#!/bin/sh
# Run once by the image of Postgres, when the database is empty: the roles of Commonwork with their passwords.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f /roles/roles.sql
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
  -v owner="$DB_OWNER_PASSWORD" -v app="$DB_PASSWORD" <<'SQL'
alter role commonwork_owner password :'owner';
alter role commonwork_app password :'app';
SQL
