#!/usr/bin/env bash
# Generates the TypeScript client, compiles it with the program that calls it, and runs that program against $API_URL.
#
#   typescript.sh MODULES DIRECTORY     MODULES are the installed packages, DIRECTORY gets the client
set -euo pipefail
modules="$1" directory="$2"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export GENERATED="$directory" OPENAPI="$here/../../docs/openapi.yaml"
cp "$here/call.ts" "$directory"
echo '{"type":"module"}' >"$directory/package.json"
ln -sfn "$modules" "$directory/node_modules"
"$modules/.bin/orval" --config "$here/orval.config.cjs"
"$modules/.bin/tsc" --strict --target es2022 --module nodenext --skipLibCheck --types node --typeRoots "$directory/node_modules/@types" \
    --outDir "$directory/out" "$directory/call.ts"
cp "$directory/package.json" "$directory/out"
node "$directory/out/call.js"
