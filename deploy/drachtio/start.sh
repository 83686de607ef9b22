#!/bin/sh
# The anchor, which starts drachtio: neither outlives the other, and when either ends so does the container, and both begin anew.
# (A drachtio without its anchor would answer 481 in every dialog; docs/anchor.md.)
set -eu
: "${ISTHMUS_SIP_ADDRESS:?the IPv4 address that the SIP peers reach}" "${ISTHMUS_SIP_PORT:?the port of SIP}"
# On one network, so one address; an IPv6 address would come after it.
address=$(hostname -i | cut -d ' ' -f 1)

# Between the two, on loopback; nobody else needs it, so it is made up at each start. drachtio takes it from its environment.
secret=/tmp/drachtio-secret
umask 077
od -An -N 24 -t x1 /dev/urandom | tr -d ' \n' > "$secret"
DRACHTIO_SECRET=$(cat "$secret")
export DRACHTIO_SECRET

# drachtio binds to the container's address and shows the host's in Via and Contact, to everybody but loopback: without
# --local-net it would show its own to peers in the host's network.
exec isthmus anchor --drachtio 127.0.0.1:9022 --drachtio-secret-file "$secret" \
  --listen "$address:9023" --secret-file /run/secrets/sip --http 127.0.0.1:9471 \
  -- drachtio --file /etc/drachtio.conf.xml \
  --contact "sip:$address:$ISTHMUS_SIP_PORT;transport=tcp,udp" --external-ip "$ISTHMUS_SIP_ADDRESS" --local-net 127.0.0.0/8
