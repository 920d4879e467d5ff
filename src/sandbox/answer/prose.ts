/** Sentences that nobody will mistake for a model's. */
import { between, oneOf } from './random.ts'
import type { Random } from './random.ts'

const OPENINGS = [
  'In short,',
  'As it happens,',
  'Put simply,',
  'On a calm day,',
  'Seen from here,',
  'For what it is worth,',
]
const SUBJECTS = [
  'the harbour',
  'a patient gardener',
  'the night train',
  'this small machine',
  'an old map',
  'the tide',
]
const VERBS = ['keeps', 'measures', 'forgets', 'follows', 'repairs', 'counts', 'carries', 'answers']
const OBJECTS = [
  'every lantern',
  'the slow river',
  'its own echo',
  'a borrowed clock',
  'the last letter',
  'seven stones',
]
const ENDINGS = [
  'before breakfast',
  'without hurry',
  'twice a day',
  'in good order',
  'as the rain stops',
  'for the third time',
]

const sentence = (random: Random): string =>
  `${oneOf(random, OPENINGS)} ${oneOf(random, SUBJECTS)} ${oneOf(random, VERBS)} ${oneOf(random, OBJECTS)} ${oneOf(random, ENDINGS)}.`

export function sentences(random: Random, least: number, most: number): string {
  return Array.from({ length: between(random, least, most) }, () => sentence(random)).join(' ')
}

/** Exactly `count` words, the last one closed by a full stop. */
export function prose(random: Random, count: number): string {
  const words: string[] = []
  while (words.length < count) words.push(...sentence(random).split(' '))
  const text = words.slice(0, count).join(' ')
  return text === '' ? '' : `${text.replace(/[.,]$/, '')}.`
}

/** One or two lower-case words for a field of that name. */
export const phrase = (random: Random): string => oneOf(random, OBJECTS).split(' ').slice(-2).join(' ')
