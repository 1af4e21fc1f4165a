#!/bin/sh
# The database server runs this once: it creates an owner and a database for each application. psql reads the passwords from
# its input, so that no process list shows them.
set -eu
for name in airflow keycloak; do
  psql -v ON_ERROR_STOP=1 -q -U postgres <<SQL
CREATE ROLE $name LOGIN PASSWORD '$(cat "/run/secrets/${name}_database_password")';
CREATE DATABASE $name OWNER $name;
REVOKE CONNECT ON DATABASE $name FROM PUBLIC;
SQL
done
