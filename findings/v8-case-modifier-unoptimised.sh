#!/usr/bin/env bash
# V8 14 (Node 26.10.0): in a pattern with an inline modifier, alternatives that begin with the same letter are matched by that letter alone, (?i:te|tr)
# not on "Te", where patterns are compiled without optimisation: by --no-regexp-optimization here, by V8 itself in a process that has compiled a lot of them.
# With the flag on the whole pattern, or alternatives that begin otherwise, both agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=node node@26.10.0 >/dev/null 2>&1 || npm install --silent --no-audit --no-fund node@26.10.0 >/dev/null
node=$work/node_modules/node/bin/node
[ -x "$node" ] || (cd node_modules/node && node installArchSpecificPackage.js >/dev/null)
cat >ask.mjs <<'JS'
for (const [pattern, text] of [[/^(?i:te|tr)$/, 'Te'], [/^(?i:ab|te)$/, 'Te'], [/^(?:te|tr)$/i, 'Te'], [/^[Tt](?:[Ee]|[Rr])$/, 'Te']])
  console.log(`${pattern} on ${text}: ${pattern.test(text)}`)
JS
seen=$(
  echo 'as it is'
  "$node" ask.mjs
  echo 'without optimisation'
  "$node" --no-regexp-optimization ask.mjs
)
echo "node $("$node" --version), V8 $("$node" -p process.versions.v8)"
echo "$seen"
expected='as it is
/^(?i:te|tr)$/ on Te: true
/^(?i:ab|te)$/ on Te: true
/^(?:te|tr)$/i on Te: true
/^[Tt](?:[Ee]|[Rr])$/ on Te: true
without optimisation
/^(?i:te|tr)$/ on Te: false
/^(?i:ab|te)$/ on Te: true
/^(?:te|tr)$/i on Te: true
/^[Tt](?:[Ee]|[Rr])$/ on Te: true'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
