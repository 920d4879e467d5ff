/** Sends an answer: at its pace, and broken where it was told to break. */
import type { ServerResponse } from 'node:http'
import type { Answer } from './answer/answer.ts'
import { chunks } from './answer/chunks.ts'
import type { Event } from './answer/chunks.ts'
import { completion } from './answer/completion.ts'
import type { Behaviour } from './types.ts'
import { errorObject } from './error.ts'
import type { SandboxRequest } from './request.ts'

export interface Speaker {
  response: ServerResponse
  headers: Record<string, string>
  behaviour: Behaviour
  /** Rejects when the caller has left or the sandbox closes. */
  wait: (milliseconds: number) => Promise<unknown>
}

/** Resolves with whether the answer was sent whole. */
export type Sending = Promise<boolean>

const BROKEN = JSON.stringify(errorObject(500, 'The sandbox was told to fail in the middle of its answer.'))
const PAGE = '<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>'
const FOREVER = 2 ** 31 - 1
/** Events that a stream without a pace sends in one write. */
const BATCH = 256

/** Faults that leave no answer at all, or one that is no chat completion. Null where there is none of them. */
export async function sendBroken({ response, headers, behaviour, wait }: Speaker): Promise<boolean | null> {
  const end = (status: number, type: string, body: string): boolean => {
    response.writeHead(status, { ...headers, 'content-type': type }).end(body)
    return true
  }
  switch (behaviour.fault) {
    case 'reset':
      response.socket?.resetAndDestroy()
      return false
    case 'hang':
      await wait(FOREVER)
      return false
    case 'blank':
      return end(200, 'application/json', '')
    case 'garbage':
      return end(200, 'application/json', '{"id": "chatcmpl-')
    case 'html':
      return end(200, 'text/html', PAGE)
    default:
      return null
  }
}

export async function sendWhole(speaker: Speaker, answer: Answer, request: SandboxRequest): Sending {
  const { response, headers, behaviour, wait } = speaker
  const { fault } = behaviour
  const body = completion(answer, request)
  if (fault === 'no_usage') delete body['usage']
  const text = fault === 'error' || fault === 'error_first' ? BROKEN : JSON.stringify(body)
  const bytes = Buffer.from(text)
  const { length } = bytes
  response.writeHead(200, { ...headers, 'content-type': 'application/json', 'content-length': length })
  if (fault !== 'cut' && fault !== 'stall' && fault !== 'truncate') {
    response.end(bytes)
    return true
  }
  response.write(bytes.subarray(0, length >> 1))
  // Under a content-length there is no clean end mid-way: truncate and cut are the same.
  if (fault === 'stall') await wait(FOREVER)
  else await flushed(response)
  response.destroy()
  return false
}

export async function sendStream(speaker: Speaker, answer: Answer, request: SandboxRequest): Sending {
  const { response, headers, behaviour, wait } = speaker
  const { fault, pace = 0 } = behaviour
  const events = eventsOf(answer, request, behaviour)
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  })
  const newline = fault === 'crlf' ? '\r\n' : '\n'
  let pending = ''
  let held = 0
  const flush = async (): Promise<void> => {
    const text = pending
    pending = ''
    held = 0
    if (text === '') return
    if (fault === 'bytes') for (const byte of Buffer.from(text)) response.write(Uint8Array.of(byte))
    else response.write(text)
    if (response.writableNeedDrain) await drained(response, wait)
  }
  let first = true
  for (const { data, content } of events) {
    if (content && pace > 0) {
      await flush()
      if (!first) await wait(pace)
      first = false
    }
    pending += `data: ${data}${newline}${newline}`
    if (++held === BATCH) await flush()
  }
  await flush()
  if (fault === 'stall') await wait(FOREVER)
  if (fault === 'cut') {
    await flushed(response)
    response.destroy()
  } else response.end()
  return fault !== 'cut' && fault !== 'truncate'
}

function eventsOf(answer: Answer, request: SandboxRequest, { fault, after }: Behaviour): Event[] {
  const quiet = fault === 'no_usage' ? { ...request, includeUsage: false } : request
  const all = chunks(answer, quiet)
  const done: Event = { data: '[DONE]', content: false }
  const broken: Event = { data: BROKEN, content: false }
  if (fault === 'error_first') return [broken]
  if (fault === 'no_done') return all
  if (fault !== 'error' && fault !== 'cut' && fault !== 'truncate' && fault !== 'stall') return [...all, done]
  const contents = all.filter((event) => event.content)
  const kept = after ?? Math.floor(contents.length / 2)
  const last = kept === 0 ? contents[0] : contents[kept]
  const heard = all.slice(0, last ? all.indexOf(last) : all.findIndex((event) => event === contents.at(-1)) + 1)
  return fault === 'error' ? [...heard, broken] : heard
}

/** Until what was written has left for the kernel: a connection destroyed earlier would take it along. */
const flushed = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => response.write('', () => resolve()))

async function drained(response: ServerResponse, wait: Speaker['wait']): Promise<void> {
  const drain = new Promise((resolve) => response.once('drain', resolve))
  await Promise.race([drain, wait(FOREVER)])
}
