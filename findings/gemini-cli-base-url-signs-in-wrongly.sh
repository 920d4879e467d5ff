#!/usr/bin/env bash
# With GOOGLE_GEMINI_BASE_URL set and no choice in its settings, Gemini CLI chooses the way to sign in named "gateway", and then
# refuses it itself, although GEMINI_API_KEY is there. A settings file that chooses `gemini-api-key` helps; the next message is
# about something else then.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @google/gemini-cli@0.61.0 >/dev/null
export HOME="$work/home" GEMINI_API_KEY=any GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9
mkdir -p "$HOME/.gemini"
first() { timeout 120 npx --no-install gemini -p 'Hi' </dev/null 2>&1 | grep -oE 'Invalid auth method selected|not running in a trusted directory' | head -1 || true; }
echo "@google/gemini-cli@$(npx --no-install gemini --version 2>/dev/null) on Node $(node --version)"
seen="no choice: $(first)"
echo '{ "security": { "auth": { "selectedType": "gemini-api-key" } } }' >"$HOME/.gemini/settings.json"
seen="$seen
gemini-api-key chosen: $(first)"
echo "$seen"
expected='no choice: Invalid auth method selected
gemini-api-key chosen: not running in a trusted directory'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
