import { expect, it } from 'vitest'
import { createRedactor } from '../../src/observability/redact.ts'

const SECRET = 'sk-proj-ÿ9f8e7d6c5b4a3/+?>'
const redact = createRedactor(new Map([[SECRET, 'acme#1']]))

it.each(['', 'u', 'us', 'user:', 'Bearer '])('hides a key that is said back in base64 behind "%s"', (before) => {
  const bytes = Buffer.from(`${before}${SECRET} and more`)
  for (const text of [bytes.toString('base64'), bytes.toString('base64url')]) {
    const shown = redact(`echo: ${text}`)
    expect(shown).toContain('[acme#1]')
    const left = shown.replace('[acme#1]', '').replace('echo: ', '')
    expect(Buffer.from(left, 'base64').toString('latin1')).not.toContain('9f8e7d6c')
  }
})

it('leaves other text as it is', () => {
  const text = Buffer.from('a text without a key, as long as that').toString('base64')
  expect(redact(text)).toBe(text)
})

const bytes = Buffer.from(SECRET)
it.each([
  ['hex', bytes.toString('hex')],
  ['hex in capitals', bytes.toString('hex').toUpperCase()],
  ['an address', encodeURIComponent(SECRET)],
  ['an address in small letters', encodeURIComponent(SECRET).replaceAll(/%../g, (escape) => escape.toLowerCase())],
])('hides a key that is said back as %s', (_, text) => {
  expect(redact(`00${text}ff`)).toBe('00[acme#1]ff')
})
