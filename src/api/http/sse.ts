/** An answer's stream out: one write a turn of the event loop, back-pressure, and a sign of life while nothing comes. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { atEndOfTurn } from '../../runtime/end-of-turn.ts'
import { limitTaking, untilTaken } from './slow-client.ts'
import type { StreamStyle } from '../inbound/inbound-api.ts'
import { addDeadline, removeDeadline, type Deadline } from '../../runtime/deadline-timer.ts'

export interface EventStream {
  /** Sends status 200 and the head, unless it is sent. Headers in lower case. */
  open(headers?: Record<string, HeaderValue>): void
  isOpen(): boolean
  /** A sign of life now. */
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
  /** Milliseconds of silence before a sign of life; 0: none. */
  heartbeat: number
  /** Milliseconds in which a client must take something of what waits for it; 0: any time. */
  clientIdle: number
  style: StreamStyle
}

const HEAD = {
  'cache-control': 'no-cache, no-transform',
  // Proxies of the nginx family would collect the events otherwise.
  'x-accel-buffering': 'no',
}

/** Characters that wait for the end of a turn. */
const MOST_WAITING = 64 * 1024

const LAST_CHUNK = '0\r\n\r\n'

export function createEventStream(response: ServerResponse, options: EventStreamOptions): EventStream {
  return new ResponseStream(response, options)
}

/**
 * Node keeps the head, as the fifty pieces that it was made of, for as long as a stream is open: 1.5 kB. Whoever asks for one character
 * has the engine put them together, which the first write did anyway.
 */
function inOnePiece(head: unknown): void {
  if (typeof head === 'string') head.charCodeAt(0)
}

/** A class: few objects a stream, and few touched a chunk. Its deadline comes when nothing was sent for a heartbeat. */
class ResponseStream implements EventStream, Deadline {
  due = Infinity
  private readonly heartbeat: number
  private readonly response: ServerResponse
  /** Behind the head: a response would hold back and let go of the socket for each write. */
  private socket: Socket | null = null
  private isOver = false
  /** Events that go out at the end of the turn. */
  private waiting = ''
  private readonly flush = (): void => this.writeWaiting()
  private isChunked = false
  private hasHead = false
  private readonly clientIdle: number
  private readonly style: StreamStyle

  constructor(response: ServerResponse, { heartbeat, clientIdle, style }: EventStreamOptions) {
    this.response = response
    this.heartbeat = heartbeat
    this.clientIdle = clientIdle
    this.style = style
  }

  open(headers: Record<string, HeaderValue> = {}): void {
    if (this.hasHead || this.isOver) return
    this.hasHead = true
    const { response } = this
    response.writeHead(200, withoutUndefined({ ...headers, 'content-type': this.style.contentType, ...HEAD }))
    inOnePiece(Reflect.get(response, '_header'))
    // Decided with the head: false for a client of HTTP/1.0.
    this.isChunked = response.chunkedEncoding
    response.chunkedEncoding = false
    response.on('close', () => this.close())
    if (this.heartbeat <= 0) return
    this.due = performance.now() + this.heartbeat
    addDeadline(this)
  }

  isOpen(): boolean {
    return this.hasHead
  }

  beat(): void {
    if (this.isOver) return
    if (this.waiting === '' && !this.response.writableNeedDrain && this.response.socket?.writableNeedDrain !== true)
      this.send(this.style.heartbeat)
    this.due = performance.now() + this.heartbeat
  }

  expire(): void {
    this.beat()
  }

  write(text: string): Promise<void> | undefined {
    if (text === '' || this.isOver) return undefined
    this.open()
    if (this.heartbeat > 0) this.due = performance.now() + this.heartbeat
    if (this.waiting === '') atEndOfTurn(this.flush)
    this.waiting += text
    // who brings as much in one turn is to be told when it is too much
    if (this.waiting.length > MOST_WAITING) this.writeWaiting()
    return this.isFull() ? untilTaken(this.response, this.clientIdle) : undefined
  }

  end(text: string): void {
    if (this.isOver) return
    this.open()
    const rest = this.waiting + text
    this.close()
    const last = rest === '' ? '' : this.chunk(rest, Buffer.byteLength(rest))
    this.response.end(this.isChunked ? last + LAST_CHUNK : last)
    limitTaking(this.response, this.clientIdle)
  }

  private isFull(): boolean {
    return (this.socket ?? this.response).writableNeedDrain
  }

  private writeWaiting(): void {
    const text = this.waiting
    this.waiting = ''
    if (text !== '') this.send(text)
  }

  /** Node frames a chunk in four writes, which cost twice as much as all else that a chunk costs: here it is one text. */
  private send(text: string): void {
    const size = Buffer.byteLength(text)
    const framed = this.chunk(text, size)
    // one byte a character: nothing is to be encoded
    const encoding = size === text.length ? 'latin1' : 'utf8'
    if (this.socket !== null) return void this.socket.write(framed, encoding)
    const { response } = this
    response.write(framed, encoding)
    this.socket = response.socket
  }

  private chunk(text: string, size: number): string {
    return this.isChunked ? `${size.toString(16)}\r\n${text}\r\n` : text
  }

  private close(): void {
    this.isOver = true
    this.waiting = ''
    removeDeadline(this)
  }
}

function withoutUndefined(headers: Record<string, HeaderValue>): Record<string, string | number | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | number | string[]
  >
}
