#!/bin/sh
# Redis with its password from the mounted file: on standard input, so that it stands in no command line and no environment.
set -eu
settings=$(cat /usr/local/etc/redis/redis.conf)
password=$(cat /run/secrets/redis)
exec redis-server - <<END
$settings
requirepass $password
END
