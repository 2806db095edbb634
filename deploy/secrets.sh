#!/bin/sh
# Makes the secrets that compose.yaml names, each in a file of its own: secrets.sh [FOLDER], /etc/lianbian as a rule.
# What is there already stays. The folder is its owner's alone; a container sees only the files that it is given.
#
# The folder must lie outside the product's own: whoever uses the platform can fetch its source.
set -eu
folder="${1:-/etc/lianbian}"
mkdir -p "$folder"
chmod 0700 "$folder"

random() {
	od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n'
}

keep() { # keep NAME TEXT
	if [ ! -s "$folder/$1" ]; then
		(umask 0333 && printf '%s\n' "$2" > "$folder/$1.new")
		mv "$folder/$1.new" "$folder/$1"
	fi
}

keep turn_secret "$(random)"
keep postgres_password "$(random)"
keep database_url "postgresql://lianbian:$(cat "$folder/postgres_password")@postgres/lianbian"
keep valkey_password "$(random)"
keep valkey.conf "requirepass $(cat "$folder/valkey_password")"
keep redis_url "redis://:$(cat "$folder/valkey_password")@valkey"
keep objects_secret "$(random)"
keep objects_url "http://lianbian:$(cat "$folder/objects_secret")@objects:8333/lianbian"
keep objects.json "{\"identities\": [{\"name\": \"lianbian\", \"actions\": [\"Admin\", \"Read\", \"Write\", \"List\"], \
\"credentials\": [{\"accessKey\": \"lianbian\", \"secretKey\": \"$(cat "$folder/objects_secret")\"}]}]}"
