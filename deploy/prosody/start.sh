#!/bin/sh
# What needs root, then Prosody as its own user: the component secret goes into the environment, the certificate into a folder
# that Prosody may read. Without a certificate in deploy/certs a self-signed one is made; clients warn about it.
set -eu
domain=${ISTHMUS_DOMAIN:-example.com}
given=/certs
certs=/var/lib/prosody/certs

COMPONENT_SECRET=$(cat /run/secrets/component)
export COMPONENT_SECRET

install -d -o prosody -g prosody /run/prosody
install -d -o prosody -g prosody -m 700 "$certs"
if [ -e "$given/$domain.crt" ] && [ -e "$given/$domain.key" ]; then
  install -o prosody -g prosody -m 600 "$given/$domain.crt" "$given/$domain.key" "$certs"
elif [ ! -e "$certs/$domain.crt" ]; then
  echo "no $domain.crt and $domain.key in deploy/certs: making a self-signed certificate" >&2
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
    -keyout "$certs/$domain.key" -out "$certs/$domain.crt" 2>/dev/null
  chown prosody:prosody "$certs/$domain.key" "$certs/$domain.crt"
fi

exec setpriv --reuid=prosody --regid=prosody --init-groups prosody -F
