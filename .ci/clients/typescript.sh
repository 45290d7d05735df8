#!/usr/bin/env bash
# Generates the TypeScript client, compiles it with the program that calls it, and runs that program against $API_URL.
#
#   typescript.sh TOOLS DIRECTORY     TOOLS has node_modules, DIRECTORY gets the client
set -euo pipefail
tools="$1" directory="$2"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export GENERATED="$directory" OPENAPI="$here/../../docs/openapi.yaml"
cp "$here/call.ts" "$directory"
echo '{"type":"module"}' >"$directory/package.json"
ln -sfn "$tools/node_modules" "$directory/node_modules"
"$tools/node_modules/.bin/orval" --config "$here/orval.config.cjs"
"$tools/node_modules/.bin/tsc" --strict --target es2022 --module nodenext --skipLibCheck --types node --typeRoots "$directory/node_modules/@types" \
    --outDir "$directory/out" "$directory/call.ts"
cp "$directory/package.json" "$directory/out"
node "$directory/out/call.js"
