/** Server-sent events out: one write per network read, back-pressure, and a comment line while nothing comes. */
import type { ServerResponse } from 'node:http'
import { allowPause, limitTaking } from './slow-client.ts'
import { addAlarm, removeAlarm, type Alarm } from '../chat/alarms.ts'

export interface EventStream {
  /** Sends status 200 and the head, unless it is sent. Headers in lower case. */
  open(headers?: Record<string, HeaderValue>): void
  isOpen(): boolean
  /** A comment line now. */
  beat(): void
  /**
   * Writes events that are ready for the wire. Gives a promise when the socket is full: it resolves when there is room
   * again, or when the client has gone.
   */
  write(text: string): Promise<void> | undefined
  /** The last events, and the end of the response. */
  end(text: string): void
}

export type HeaderValue = string | number | string[] | undefined

export interface EventStreamOptions {
  /** Milliseconds of silence before a comment line; 0: none. */
  heartbeat: number
  /** Milliseconds in which a client must take something of what waits for it; 0: any time. */
  clientIdle: number
}

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Proxies of the nginx family would collect the events otherwise.
  'x-accel-buffering': 'no',
}

const LAST_CHUNK = '0\r\n\r\n'

/** A comment: each client's parser skips it, each proxy on the way sees that the stream lives. */
export const HEARTBEAT = ': keep-alive\n\n'

export function createEventStream(response: ServerResponse, options: EventStreamOptions): EventStream {
  const { heartbeat, clientIdle } = options
  const silence: Alarm = { due: Infinity, ring: beat }
  let isOver = false
  let isOpen = false
  let isChunked = false
  let isStarted = false

  function beat(): void {
    if (isOver) return
    if (!response.writableNeedDrain && response.socket?.writableNeedDrain !== true) send(HEARTBEAT)
    silence.due = performance.now() + heartbeat
  }

  function chunk(text: string, size: number): string {
    return isChunked ? `${size.toString(16)}\r\n${text}\r\n` : text
  }

  /**
   * Node frames a chunk in four writes, which cost twice as much as all else that a chunk costs: here it is one text. Behind
   * the head it goes straight to the socket, which a response would hold back and let go for each write.
   */
  function send(text: string): boolean {
    const size = Buffer.byteLength(text)
    const framed = chunk(text, size)
    // one byte a character: nothing is to be encoded
    const encoding = size === text.length ? 'latin1' : 'utf8'
    const { socket } = response
    if (isStarted && socket !== null) return socket.write(framed, encoding)
    isStarted = true
    return response.write(framed, encoding)
  }

  function close(): void {
    isOver = true
    removeAlarm(silence)
  }

  function watch(): void {
    silence.due = performance.now() + heartbeat
    addAlarm(silence)
  }

  function open(headers: Record<string, HeaderValue> = {}): void {
    if (isOpen || isOver) return
    isOpen = true
    response.writeHead(200, withoutUndefined({ ...headers, ...HEAD }))
    // Decided with the head: false for a client of HTTP/1.0.
    isChunked = response.chunkedEncoding
    response.chunkedEncoding = false
    response.on('close', close)
    if (heartbeat > 0) watch()
  }

  return {
    open,
    isOpen: () => isOpen,
    beat,
    write(text) {
      if (text === '' || isOver) return undefined
      open()
      if (heartbeat > 0) silence.due = performance.now() + heartbeat
      return send(text) ? undefined : room(response, clientIdle)
    },
    end(text) {
      if (isOver) return
      open()
      close()
      const last = text === '' ? '' : chunk(text, Buffer.byteLength(text))
      response.end(isChunked ? last + LAST_CHUNK : last)
      limitTaking(response, clientIdle)
    },
  }
}

/** Resolves when the socket takes more, or will never again. */
function room(response: ServerResponse, clientIdle: number): Promise<void> {
  const { socket } = response
  if (response.destroyed || socket?.destroyed === true) return Promise.resolve()
  limitTaking(response, clientIdle)
  return new Promise((resolve) => {
    const done = (): void => {
      allowPause(response)
      response.off('drain', done).off('close', done)
      socket?.off('drain', done)
      resolve()
    }
    response.once('drain', done).once('close', done)
    socket?.once('drain', done)
  })
}

function withoutUndefined(headers: Record<string, HeaderValue>): Record<string, string | number | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | number | string[]
  >
}
