#!/bin/sh
# Creates the secrets of docker-compose.yml: random secrets, and a certificate for the public address from a private authority.
# Existing files are kept. Bring your own files before the first run, and run it again after an upgrade.
#
#   sh infra/compose/secrets.sh https://o.example                  # your own issuer; you provide its client secret
#   sh infra/compose/secrets.sh https://o.example sso.o.example    # profile demo: Keycloak's certificate and secrets too
#
# The folder is private. Its files are readable, because each container reads its own as a user of its own.
set -eu
public_url=${1:?usage: secrets.sh PUBLIC_URL [SSO_HOST]}
sso_host=${2:-}
folder=${SECRETS:-secrets}
public_host=${public_url#https://}
public_host=${public_host%%[:/]*}

umask 077
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

# new NAME COMMAND...: writes the command's output to the file, completely or not at all
new() {
  name=$1; shift
  if [ -e "$name" ]; then echo "kept     $name"; return 0; fi
  "$@" > "$name.new"
  chmod 444 "$name.new"
  mv "$name.new" "$name"
  echo "created  $name"
}
random() { openssl rand -hex "$1" | tr -d '\n'; }
base64url() { openssl rand -base64 "$1" | tr -d '\n' | tr '+/' '-_'; }

# certificate NAME HOST: NAME_key and NAME_certificate, signed by the authority
certificate() {
  if [ -e "$1_certificate" ]; then echo "kept     $1_certificate"; return 0; fi
  if [ -e "$1_key" ]; then echo "$1_key: expected its certificate $1_certificate beside it, got none. Provide the certificate, or remove the key." >&2; exit 1; fi
  [ -e authority_key ] || { echo "$1_certificate: expected authority_key to sign it, got none. Restore that file, or provide the certificate." >&2; exit 1; }
  printf 'subjectAltName=DNS:%s\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' "$2" > "$1.ext"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1_key" -subj "/CN=$2" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA authority_certificate -CAkey authority_key -days 825 -extfile "$1.ext" -out "$1_certificate" 2>/dev/null
  rm "$1.csr" "$1.ext"
  chmod 444 "$1_key" "$1_certificate"
  echo "created  $1_certificate for $2"
}

new session_secret random 48
new redis_password random 24
for name in postgres_password airflow_database_password keycloak_database_password; do new "$name" random 24; done
# for infra/compose/airflow-teams.yml: a broker for each project
for name in airflow_broker_alpha_password airflow_broker_beta_password; do new "$name" random 24; done
new airflow_fernet_key base64url 32
new airflow_api_secret random 32
new airflow_jwt_secret random 64

if [ ! -e authority_certificate ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -subj "/CN=modelops-gateway $public_host" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout authority_key -out authority_certificate 2>/dev/null
  chmod 444 authority_certificate # Its key stays private: no container receives it.
  echo 'created  authority_certificate'
fi
certificate tls "$public_host"

if [ -n "$sso_host" ]; then
  new oidc_client_secret random 32
  new keycloak_admin_password random 24
  certificate sso "$sso_host"
elif [ ! -e oidc_client_secret ]; then
  echo "missing: $folder/oidc_client_secret, the secret of the client \`gateway\` at your issuer"
fi
