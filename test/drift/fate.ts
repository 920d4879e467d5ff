/** What becomes of a part of a vendor's answer, found by giving it to the format's decoder with a mark in it. */
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { GatewayError } from '../../src/chat/error.ts'
import { shipped } from '../formats/cases.ts'

/**
 * `told`: a client of chat completions reads it. `passed`: only a client of the vendor's own API does, for whom it stays as it
 * came. `dropped`: neither matters, and here is why. The compiler wants a fate for each member of the SDK's unions, so that a
 * newer SDK shows what is new.
 */
export type Fate = 'told' | 'passed' | `dropped: ${string}`
export type Fates<Member extends string> = Record<Member, Fate>

export const MARK = 'drift-mark'
/** Where a text cannot stand: a count of tokens. */
export const COUNT = 7919

type Json = Record<string, unknown>
const META = { model: 'm', created: 1 }

function ask(stream: boolean): ReturnType<typeof parseChatRequest> {
  return parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream })
}

/** A whole answer. */
export function fateOfBody(format: string, body: Json): 'told' | 'passed' | 'dropped' {
  return fate((asked) => {
    const deltas = shipped(format).decodeBody(body, asked)
    const completion = createCompletion({ legacy_functions: false, body: {} }, META)
    completion.take(deltas)
    return [deltas, JSON.stringify(completion.end(false))]
  }, false)
}

/** Events of a stream in turn. @param name their SSE name, where the wire's reader goes by it */
export function fateOfEvents(format: string, events: Json[], name?: string): 'told' | 'passed' | 'dropped' {
  return fate((asked) => {
    const deltas: Delta[] = []
    const decoder = shipped(format).decoder(asked)
    for (const value of events) decoder.decode(name === undefined ? { value } : { value, name }, deltas)
    decoder.end(deltas)
    const writer = createChunkWriter({ include_usage: true, legacy_functions: false, body: {} }, META)
    return [deltas, writer.write(deltas) + writer.end(false)]
  }, true)
}

function fate(
  run: (asked: ReturnType<typeof ask>) => [Delta[], string],
  stream: boolean,
): 'told' | 'passed' | 'dropped' {
  let deltas: Delta[] = []
  let told: string
  try {
    ;[deltas, told] = run(ask(stream))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    told = error.message
  }
  if (told.includes(MARK) || told.includes(String(COUNT))) return 'told'
  return deltas.some(({ other }) => other !== undefined) ? 'passed' : 'dropped'
}

/** The word of OpenAI that a reason to stop becomes, or `error`. */
export function endOf(format: string, body: Json): string {
  const deltas = shipped(format).decodeBody(body, ask(false))
  if (deltas.some(({ error }) => error)) return 'error'
  return deltas.find(({ finish_reason }) => finish_reason)?.finish_reason ?? 'nothing'
}

/** Fates without their reasons, to compare with what was found. */
export function expected(fates: Record<string, Fate>): Record<string, string> {
  return Object.fromEntries(Object.entries(fates).map(([member, each]) => [member, each.split(':')[0] ?? '']))
}

/** What `find` says of each member. */
export function found(fates: Record<string, unknown>, find: (member: string) => string): Record<string, string> {
  return Object.fromEntries(Object.keys(fates).map((member) => [member, find(member)]))
}

/** The completion that a client is given for a whole answer. */
export function completionOf(format: string, body: Json): Json {
  const completion = createCompletion({ legacy_functions: false, body: {} }, META)
  completion.take(shipped(format).decodeBody(body, ask(false)))
  return completion.end(false)
}

/** The kind of the error that an answer under status 200 carries. */
export function kindOf(format: string, body: Json): string {
  return (
    shipped(format)
      .decodeBody(body, ask(false))
      .find(({ error }) => error)?.error?.kind ?? 'none'
  )
}
