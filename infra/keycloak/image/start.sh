#!/bin/bash
# Keycloak reads secrets only from its environment. They are read from files here, so that no configuration shows them.
set -eu
export KC_DB_PASSWORD="$(</run/secrets/keycloak_database_password)"
export KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD="$(</run/secrets/keycloak_admin_password)"
export GATEWAY_CLIENT_SECRET="$(</run/secrets/oidc_client_secret)"
# The data folder is in memory, and realms are imported only from there.
mkdir -p /opt/keycloak/data/import && cp /opt/keycloak/realm/shared-realm.json /opt/keycloak/data/import/
exec /opt/keycloak/bin/kc.sh start --optimized --import-realm --cache=local \
  --db-url=jdbc:postgresql://postgres/keycloak --db-username=keycloak \
  --https-certificate-file=/run/secrets/sso_certificate --https-certificate-key-file=/run/secrets/sso_key \
  --truststore-paths=/run/secrets/authority_certificate --https-port=8443 --http-management-scheme=http "$@"
