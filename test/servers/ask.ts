/** A client of the gateway that believes nothing: what comes is held against OpenAI's shapes. */
import { streamFaults } from '../../src/format-tools/cases/invariants.ts'
import { shapeFaults } from '../../src/format-tools/cases/openai-schema.ts'

export type Json = Record<string, unknown>

interface Call {
  id?: string
  name: string
  arguments: string
}

/** What an answer comes to, whole or streamed. */
export interface Answer {
  status: number
  text: string
  calls: Call[]
  finish: string
  usage: { prompt_tokens: number; completion_tokens: number } | undefined
  /** Of a stream: those with text. */
  pieces: number
  error: { message: string; type: string; code: string | null } | undefined
  warnings: string
}

interface Part {
  content?: string | null
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[]
}

interface Whole {
  choices?: { message?: Part; delta?: Part; finish_reason?: string | null }[]
  usage?: Answer['usage'] | null
  error?: Answer['error']
}

export class Faulty extends Error {}

export type Ask = (body: Json, signal?: AbortSignal) => Promise<Answer>

/** @param url of the gateway, without a path */
export function asker(url: string, key: string): { ask: Ask; send: (path: string, body: Json) => Promise<Response> } {
  const send = (path: string, body: Json, signal: AbortSignal = AbortSignal.timeout(120_000)): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      signal,
    })
  const ask: Ask = async (body, signal) => {
    const response = await send('/v1/chat/completions', { model: 'fast', ...body }, signal)
    const words = await response.text()
    const warnings = response.headers.get('x-balanced-call-warnings') ?? ''
    const head = { status: response.status, warnings }
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      const asked = Object(body['stream_options']).include_usage === true
      hold(streamFaults(words, asked))
      return { ...head, ...added(eventsOf(words)) }
    }
    const whole = JSON.parse(words) as Whole
    hold(shapeFaults(response.ok ? 'completion' : 'error', whole))
    return { ...head, ...added([whole]) }
  }
  return { ask, send }
}

function hold(faults: string[]): void {
  if (faults.length > 0) throw new Faulty(faults.join('; '))
}

function eventsOf(words: string): Whole[] {
  const data = words.split('\n').filter((line) => line.startsWith('data: {'))
  return data.map((line) => JSON.parse(line.slice('data: '.length)) as Whole)
}

function added(events: Whole[]): Omit<Answer, 'status' | 'warnings'> {
  const sum = { text: '', calls: [] as Call[], finish: '', pieces: 0 }
  let usage: Answer['usage']
  let error: Answer['error']
  for (const event of events) {
    const [choice] = event.choices ?? []
    const part = choice?.delta ?? choice?.message ?? {}
    if (part.content) {
      sum.text += part.content
      sum.pieces++
    }
    for (const [at, call] of (part.tool_calls ?? []).entries()) {
      const known = (sum.calls[call.index ?? at] ??= { name: '', arguments: '' })
      known.id ??= call.id
      known.name += call.function?.name ?? ''
      known.arguments += call.function?.arguments ?? ''
    }
    sum.finish = choice?.finish_reason ?? sum.finish
    usage = event.usage ?? usage
    error = event.error ?? error
  }
  return { ...sum, usage, error }
}
