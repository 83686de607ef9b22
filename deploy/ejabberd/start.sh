#!/bin/sh
# What needs root, then ejabberd as its own user: configuration, component secret and certificate are put where it may read them.
# Without a certificate in deploy/certs a self-signed one is made; clients warn about it.
set -eu
domain=${ISTHMUS_DOMAIN:-example.com}
component=${ISTHMUS_COMPONENT:-isthmus.$domain}
given=/certs
certs=/var/lib/ejabberd/certs
run=/run/ejabberd

install -d -o ejabberd -g ejabberd -m 700 "$run" "$certs"
umask 077
sed -e "s/COMPONENT_NAME/$component/g; s/DOMAIN_NAME/$domain/g" /usr/local/share/isthmus/ejabberd.yml > "$run/ejabberd.yml"
{ printf 'define_macro:\n  COMPONENT_SECRET: "'; tr -d '\n' < /run/secrets/component; printf '"\n'; } > "$run/secret.yml"

if [ -e "$given/$domain.crt" ] && [ -e "$given/$domain.key" ]; then
  cat "$given/$domain.crt" "$given/$domain.key" > "$certs/$domain.pem"
elif [ ! -e "$certs/$domain.pem" ]; then
  echo "no $domain.crt and $domain.key in deploy/certs: making a self-signed certificate" >&2
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
    -keyout "$run/key" -out "$run/certificate" 2>/dev/null
  cat "$run/certificate" "$run/key" > "$certs/$domain.pem"
  rm "$run/certificate" "$run/key"
fi
chown ejabberd:ejabberd "$run/ejabberd.yml" "$run/secret.yml" "$certs/$domain.pem"

exec as-ejabberd ejabberdctl foreground
