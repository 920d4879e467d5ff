/** What a prompt names: words and numbers that fit a tool's arguments. */
import type { Hints } from './json-from-schema.ts'

/** What is quoted, else names; and all numbers. */
export function hintsIn(text: string): Hints {
  const quoted = [...text.matchAll(QUOTED)].map(([whole]) => whole.slice(1, -1))
  const numbers = [...text.matchAll(/(?<![\p{L}\p{N}.])-?\d+(?:\.\d+)?/gu)].map((found) => Number(found[0]))
  return { texts: quoted.length > 0 ? quoted : [...new Set(namesIn(text))], numbers }
}

const QUOTED = /"[^"]+"|“[^”]+”|„[^“”]+[“”]|«[^»]+»|`[^`]+`|「[^」]+」|『[^』]+』/gu

/** Capitals not at the start of a sentence, or letters of a script that has no capitals. */
const NAME = String.raw`(?:(?<=[\p{Ll}\p{N},:;-]\s)\p{Lu}[\p{L}'-]*(?:\s\p{Lu}[\p{L}'-]*)*|\p{Lo}[\p{Lo}\p{M}ー]*)`
/** Names side by side: what stands between them tells a list from a place and where it lies. */
const ROW = new RegExp(String.raw`${NAME}(?:(?:,\s(?:and\s|or\s)?|\s(?:and|or)\s(?:in\s)?)${NAME})*`, 'gu')

function namesIn(text: string): string[] {
  if (!/[\p{Lu}\p{Ll}]/u.test(text)) return wordOf(text)
  return [...text.matchAll(ROW)].flatMap(([row]) => namesOfRow(row))
}

/** "San Francisco, CA" and "Paris, France and Rome, Italy" name places; "Oslo, Rome and Paris" is a list. */
function namesOfRow(row: string): string[] {
  const groups = row.split(/,?\s(?:and|or)\s(?:in\s)?/u).map((group) => group.split(/,\s/u))
  if (groups.every((members) => members.length === 2)) return groups.map((members) => members.join(', '))
  // a state of two letters is no name of its own
  return groups.flatMap((members) => members.join(', ').split(/,\s(?!\p{Lu}{2}(?:,|$))/u))
}

/** Of a sentence without any capitals, in a script that has none, its first word of several letters. */
function wordOf(text: string): string[] {
  const words = [...new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)]
  const [first] = words.filter(({ isWordLike, segment }) => isWordLike && /^\p{Lo}{2}/u.test(segment))
  return first === undefined ? [] : [first.segment]
}
