/** A text for one field of a schema: by its format, its pattern, its length, the words of the prompt. */
import { countOf, matches, MOST_CHARACTERS } from '../bounds.ts'
import { textLike } from './pattern-text.ts'
import { phrase } from './prose.ts'
import { between } from './random.ts'
import type { Random } from './random.ts'
import type { Json } from '../request.ts'

const two = (number: number): string => String(number).padStart(2, '0')
const date = (random: Random): string => `2026-${two(between(random, 1, 12))}-${two(between(random, 1, 28))}`
const time = (random: Random): string =>
  `${two(between(random, 0, 23))}:${two(between(random, 0, 59))}:${two(between(random, 0, 59))}Z`
const hex = (random: Random, length: number): string =>
  Array.from({ length }, () => between(random, 0, 15).toString(16)).join('')

const FORMATS: Record<string, (random: Random) => string> = {
  'date-time': (random) => `${date(random)}T${time(random)}`,
  date,
  time,
  duration: (random) => `PT${between(random, 1, 59)}M`,
  email: (random) => `reader${between(random, 1, 99)}@example.com`,
  hostname: (random) => `host${between(random, 1, 99)}.example.com`,
  ipv4: (random) => `192.0.2.${between(random, 1, 254)}`,
  ipv6: (random) => `2001:db8::${between(random, 1, 254).toString(16)}`,
  uri: (random) => `https://example.com/${between(random, 1, 99)}`,
  url: (random) => `https://example.com/${between(random, 1, 99)}`,
  uuid: (random) => `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`,
}

/** A hint that fits is used up, so that two fields do not get the same word. */
export function textFor(schema: Json, random: Random, hints: string[], name: string): string {
  const least = countOf(schema['minLength'], MOST_CHARACTERS)
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Number.POSITIVE_INFINITY
  const pattern = typeof schema['pattern'] === 'string' ? schema['pattern'] : undefined
  const format = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined
  if (format) return format(random)
  const expression = pattern === undefined ? undefined : safely(pattern)
  const fits = (hint: string): boolean =>
    pattern === undefined || (expression !== undefined && matches(expression, hint) === true)
  const hinted = hints.findIndex((hint) => hint.length >= least && hint.length <= most && fits(hint))
  if (hinted >= 0) return hints.splice(hinted, 1)[0] ?? ''
  if (pattern !== undefined) {
    for (let attempt = 0; attempt < 20; attempt++) {
      const text = textLike(pattern, random)
      if (text === null) break
      if (text.length >= least && text.length <= most) return text
    }
  }
  let text = name === '' ? phrase(random) : `${name.replaceAll('_', ' ')} ${between(random, 1, 99)}`
  while (text.length < least) text += ` ${phrase(random)}`
  return text.slice(0, Math.max(least, Math.min(text.length, most)))
}

function safely(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u')
  } catch {
    return undefined
  }
}
