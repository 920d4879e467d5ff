/** What the page asks the server: with the administrator's key, where one is needed, kept for this tab alone. */
import { createValue } from './state.ts'

const KEPT = 'balanced-call.key'

/** The server wants a key, or another one. */
export const locked = createValue<'' | 'missing' | 'wrong'>('')

let key = sessionStorage.getItem(KEPT) ?? ''

export function unlock(given: string): void {
  key = given
  if (given === '') sessionStorage.removeItem(KEPT)
  else sessionStorage.setItem(KEPT, given)
  locked.set('')
}

export function hasKey(): boolean {
  return key !== ''
}

/** An answer that is none of 2xx. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly body: unknown
  constructor(status: number, code: string, message: string, body: unknown) {
    super(message)
    this.status = status
    this.code = code
    this.body = body
  }
}

export interface Question {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Throws a Refusal. */
export async function call(path: string, { method, body, headers, signal }: Question = {}): Promise<Response> {
  const answer = await fetch(path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(key !== '' && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
    cache: 'no-store',
    credentials: 'omit',
  })
  if (answer.ok) return answer
  const text = await answer.text()
  const told = readJson(text)
  const error = field(told, 'error')
  const message = field(error, 'message')
  const code = String(field(error, 'code') ?? '')
  if (answer.status === 401 || code === 'admin_key_required') locked.set(key === '' ? 'missing' : 'wrong')
  throw new Refusal(answer.status, code, typeof message === 'string' ? message : text.slice(0, 500), told)
}

/** The JSON of an answer. Throws a Refusal. */
export async function ask<T>(path: string, question?: Question): Promise<T> {
  return (await (await call(path, question)).json()) as T
}

/** The data of each server-sent event. */
export async function* eventsOf(answer: Response): AsyncGenerator<string> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) return
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const events = (rest + value).split(/\r?\n\r?\n/)
    rest = events.pop() ?? ''
    for (const event of events) {
      const data = event.split(/\r?\n/).flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
      if (data.length > 0) yield data.join('\n')
    }
  }
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A field of what may be anything. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

export function query(parts: Record<string, string | number | boolean | undefined>): string {
  const given = Object.entries(parts).filter(([, value]) => value !== undefined && value !== '' && value !== false)
  return given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')
}
