#!/usr/bin/env bash
# The usage of OpenAI's chat tells cached tokens and audio tokens, not how many are both. @pydantic/genai-prices gives no price
# for such a usage but throws, unless `cache_audio_read_tokens` is there too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @pydantic/genai-prices@0.1.8 >/dev/null
cat >try.mjs <<'JS'
import { calcPrice } from '@pydantic/genai-prices'

const usages = {
  'cached alone': { input_tokens: 1000, cache_read_tokens: 400, output_tokens: 100 },
  'audio alone': { input_tokens: 1000, input_audio_tokens: 300, output_tokens: 100 },
  'cached and audio': { input_tokens: 1000, cache_read_tokens: 400, input_audio_tokens: 300, output_tokens: 100 },
  'cached and audio, and how many are both': {
    input_tokens: 1000,
    cache_read_tokens: 400,
    input_audio_tokens: 300,
    cache_audio_read_tokens: 0,
    output_tokens: 100,
  },
}
for (const [name, usage] of Object.entries(usages)) {
  try {
    const price = calcPrice(usage, 'gemini-2.5-flash', { providerId: 'google' })
    console.log(`${name}: ${price ? 'a price' : 'no price'}`)
  } catch (error) {
    console.log(`${name}: ${error.name}`)
  }
}
JS
seen=$(node try.mjs 2>&1)
echo "@pydantic/genai-prices@0.1.8 on Node $(node --version)"
echo "$seen"
expected='cached alone: a price
audio alone: a price
cached and audio: Error
cached and audio, and how many are both: a price'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
