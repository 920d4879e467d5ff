/** A text that matches a regular expression: enough of the language for the patterns that schemas carry. */
import { matches, MOST_CHARACTERS, MOST_PATTERN } from '../bounds.ts'
import { between, oneOf } from './random.ts'
import type { Random } from './random.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const CLASSES: Record<string, string> = {
  d: DIGITS,
  w: `${LETTERS}${LETTERS.toUpperCase()}${DIGITS}_`,
  s: ' ',
  D: LETTERS,
  W: '-+!',
  S: LETTERS + DIGITS,
}
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r' }
const PRINTABLE = Array.from({ length: 95 }, (_, offset) => String.fromCodePoint(32 + offset)).join('')
/** Repetitions beyond the least that an open quantifier (`*`, `+`, `{2,}`) may make. */
const SPREAD = 3

/** Null where the text that it made does not match (look-around, back references): the caller then has no text. */
export function textLike(pattern: string, random: Random): string | null {
  if (pattern.length > MOST_PATTERN) return null
  let expression: RegExp
  try {
    expression = new RegExp(pattern, 'u')
  } catch {
    return null
  }
  for (let attempt = 0; attempt < 8; attempt++) {
    const text = alternatives({ pattern, at: 0, random, left: MOST_CHARACTERS })
    const fits = matches(expression, text)
    if (fits) return text
    if (fits === undefined) return null
  }
  return null
}

interface Reader {
  pattern: string
  at: number
  random: Random
  /** Atoms that may still be made, all repetitions together. */
  left: number
}

/** All branches are read, so that the reader ends up behind them; one is kept. */
function alternatives(reader: Reader): string {
  const branches = [sequence(reader)]
  while (reader.pattern[reader.at] === '|') {
    reader.at++
    branches.push(sequence(reader))
  }
  return oneOf(reader.random, branches)
}

function sequence(reader: Reader): string {
  let text = ''
  while (reader.at < reader.pattern.length && !'|)'.includes(reader.pattern.charAt(reader.at))) {
    const start = reader.at
    let piece = atom(reader)
    const end = reader.at
    const [least, most] = quantifier(reader)
    const behind = reader.at
    const times = between(reader.random, least, most)
    // Each repetition is made anew, so that [a-z]{3} is not one letter thrice.
    for (let time = 0; time < times; time++) {
      text += piece
      if (time + 1 === times || --reader.left <= 0) break
      reader.at = start
      piece = atom(reader)
      reader.at = end
    }
    reader.at = behind
  }
  return text
}

function quantifier(reader: Reader): [least: number, most: number] {
  const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(reader.pattern.slice(reader.at))
  if (!found) return [1, 1]
  reader.at += found[0].length
  if (found[1] === '*') return [0, SPREAD]
  if (found[1] === '+') return [1, 1 + SPREAD]
  if (found[1] === '?') return [0, 1]
  const least = Number(found[2])
  if (found[3] === '') return [least, least]
  return [least, found[4] === '' ? least + SPREAD : Number(found[4])]
}

function atom(reader: Reader): string {
  const character = reader.pattern.charAt(reader.at++)
  if (character === '^' || character === '$') return ''
  if (character === '.') return oneOf(reader.random, [...LETTERS])
  if (character === '[') return set(reader)
  if (character === '\\') return escaped(reader)
  if (character !== '(') return character
  reader.at += /^\?(?::|<[^>=!]+>)/.exec(reader.pattern.slice(reader.at))?.[0].length ?? 0
  const text = alternatives(reader)
  reader.at++
  return text
}

function escaped(reader: Reader): string {
  const character = reader.pattern.charAt(reader.at++)
  if (character === 'b' || character === 'B') return ''
  if (character === 'p') {
    const name = /^\{[^}]*\}/.exec(reader.pattern.slice(reader.at))?.[0] ?? ''
    reader.at += name.length
    return oneOf(reader.random, [...(name.startsWith('{N') ? DIGITS : LETTERS)])
  }
  const members = CLASSES[character]
  return members ? oneOf(reader.random, [...members]) : (ESCAPES[character] ?? character)
}

function set(reader: Reader): string {
  const negated = reader.pattern[reader.at] === '^'
  if (negated) reader.at++
  let members = ''
  while (reader.at < reader.pattern.length && reader.pattern[reader.at] !== ']') {
    const character = reader.pattern.charAt(reader.at++)
    if (character === '\\') {
      const name = reader.pattern.charAt(reader.at++)
      members += CLASSES[name] ?? ESCAPES[name] ?? name
    } else if (reader.pattern[reader.at] === '-' && reader.pattern[reader.at + 1] !== ']') {
      const last = reader.pattern.codePointAt(reader.at + 1) ?? 0
      for (let code = character.codePointAt(0) ?? 0; code <= last; code++) members += String.fromCodePoint(code)
      reader.at += 2
    } else members += character
  }
  reader.at++
  const choices = negated
    ? [...LETTERS, ...PRINTABLE].filter((character) => !members.includes(character))
    : [...members]
  return choices.length === 0 ? '' : oneOf(reader.random, choices)
}
