/** Where a request holds its conversation, and the template that writes one like it. */
import { isMap } from '../../definition/scope.ts'
import { at, leavesOf, mapsOf, nameOf, put, quoted, type Way } from './leaves.ts'
import { whenThen } from './rule.ts'
import { ASSISTANT, ASSISTANT_WORDS, ROLE, SYSTEM_WORDS, TEXT, USER_WORDS } from './words.ts'

export interface FoundMessages {
  /** To the list. */
  way: Way
  items: Record<string, unknown>[]
  /** The key of a role in each item. */
  role: string
}

interface Turn {
  role: string
  content: unknown
}

/** The first list of maps that each have a role. */
export function findMessages(body: unknown): FoundMessages | undefined {
  for (const { way, map } of mapsOf(body)) {
    for (const [key, value] of Object.entries(map)) {
      if (!Array.isArray(value) || value.length === 0 || !value.every(isMap)) continue
      const role = Object.keys(value[0] ?? {}).find((name) => ROLE.test(name))
      if (role !== undefined) return { way: [...way, key], items: value, role }
    }
  }
  return undefined
}

/**
 * @param apart system messages stand in a field of their own
 * @param answerer what the vendor's answer calls the assistant
 */
export function draftMessages(
  { items, role }: FoundMessages,
  apart: boolean,
  answerer?: string,
): { template: unknown; turns: Turn[] } {
  const user = items.find((item) => USER_WORDS.test(String(item[role]))) ?? items[0] ?? {}
  const userWord = String(user[role])
  const assistantWord =
    items.map((item) => String(item[role])).find((word) => ASSISTANT_WORDS.test(word)) ??
    answerer ??
    ASSISTANT[userWord]
  const system = items.find((item) => SYSTEM_WORDS.test(String(item[role])))
  const likeSystem = system ? itemLike(system, role, String(system[role])) : itemLike(user, role, 'system')
  const cases = [
    whenThen({}, { role: 'system', content: '$content' }, apart ? null : likeSystem),
    whenThen({}, { role: 'user', content: '$content' }, itemLike(user, role, userWord)),
    whenThen({}, { role: 'assistant', content: '$content' }, itemLike(user, role, assistantWord ?? 'assistant')),
  ]
  const turns = items.map((item) => ({
    role: SYSTEM_WORDS.test(String(item[role]))
      ? 'system'
      : ASSISTANT_WORDS.test(String(item[role]))
        ? 'assistant'
        : 'user',
    content: textsOf(item, role),
  }))
  return { template: [{ $each: '$messages', cases }], turns }
}

/** One text as it is, several as parts. */
function textsOf(item: Record<string, unknown>, role: string): unknown {
  const way = textWay(item, role)
  if (!way) return ''
  const list = way.findIndex((step) => typeof step === 'number')
  if (list < 0) return at(item, way)
  const parts = at(item, way.slice(0, list)) as unknown[]
  const texts = parts.map((part) => at(part, way.slice(list + 1))).filter((text) => typeof text === 'string')
  return texts.length === 1 ? texts[0] : texts.map((text) => ({ type: 'text', text }))
}

function textWay(item: Record<string, unknown>, role: string): Way | undefined {
  const texts = leavesOf(item).filter(({ way, value }) => typeof value === 'string' && way[0] !== role)
  const named = texts.filter(({ way }) => TEXT.test(nameOf(way)))
  const [first] = named.length > 0 ? named : texts.filter(({ way }) => !/^(type|kind)$/i.test(nameOf(way)))
  return first?.way
}

/** The vendor's own item, with holes for its words; a list of parts is made from all parts of the message. */
function itemLike(item: Record<string, unknown>, role: string, word: string): unknown {
  const way = textWay(item, role)
  const named = put(quoted(item), [role], String(quoted(word)))
  if (!way) return named
  const list = way.findIndex((step) => typeof step === 'number')
  if (list < 0) return put(named, way, { $use: 'join', of: [eachText('$text')] })
  const part = put(quoted(at(item, way.slice(0, list + 1))), way.slice(list + 1), '$text')
  return put(named, way.slice(0, list), [eachText(part)])
}

function eachText(then: unknown): unknown {
  return whenThen({ $each: '$content' }, { type: 'text', text: '$text' }, then)
}
