#!/bin/sh
# Starts coturn with coturn.conf and with what differs between installations:
#
#   LIANBIAN_PUBLIC_ADDRESS    address of the media port, the only one that is relayed to
#   LIANBIAN_TURN_SECRET_FILE  file of the secret that Lianbian has too
#   TURN_CERTIFICATE TURN_KEY  PEM files for `turns:`, where it is wanted; renewed ones are taken up within the hour
#   RUNTIME_DIRECTORY          folder in memory for the whole configuration: the secret is in no argument
set -eu
umask 077
here=$(dirname "$0")
run="${RUNTIME_DIRECTORY:-/tmp}"
{
	cat "$here/coturn.conf"
	printf 'pidfile=%s/pid\nuserdb=%s/users\n' "$run" "$run"
	printf 'allowed-peer-ip=%s\n' "$LIANBIAN_PUBLIC_ADDRESS"
	printf 'static-auth-secret=%s\n' "$(cat "$LIANBIAN_TURN_SECRET_FILE")"
	if [ -n "${TURN_CERTIFICATE:-}" ]; then
		printf 'cert=%s\npkey=%s\n' "$TURN_CERTIFICATE" "$TURN_KEY"
	else
		printf 'no-tls\n'
	fi
} > "$run/turnserver.conf"
if [ -n "${TURN_CERTIFICATE:-}" ]; then
	# Without its files coturn would go on and offer no TLS, telling nobody.
	for file in "$TURN_CERTIFICATE" "$TURN_KEY"; do
		[ -r "$file" ] || { echo "turn.sh: cannot read $file" >&2; exit 1; }
	done
	server=$$
	while sleep 3600 && kill -USR2 "$server"; do :; done &
fi
exec turnserver -c "$run/turnserver.conf" "$@"
