/**
 * A fake upstream that costs as little as Node allows: raw sockets, answers made once. The model's name says how it answers:
 * `bench-json` (1 kB), `bench-paced-COUNT-MS` (a piece of text each MS), `bench-max-COUNT` (as fast as the sockets take them),
 * `bench-hold` (a piece of text at once, and the next a minute later). Asked `counts` by its parent, it tells what it saw.
 */
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { wireOf } from './wire.ts'

const counts = { requests: 0, whole: 0, aborted: 0, open: 0 }
const answers = new Map<string, Buffer[]>()
const HELD = 60_000
const BLANK_LINE = Buffer.from('\r\n\r\n')

createServer(serve).listen(Number(process.env['PORT']), '127.0.0.1')

process.on('message', (message) => {
  if (message === 'counts') process.send?.({ counts })
})

interface Request {
  path: string
  model: string
}

function serve(socket: Socket): void {
  let held: Buffer = Buffer.alloc(0)
  let leave: (() => void) | undefined
  socket.setNoDelay(true)
  socket.on('data', (bytes: Buffer) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    const request = whole(held)
    if (!request) return
    held = Buffer.alloc(0)
    counts.requests++
    leave = answer(socket, request)
  })
  socket.on('close', () => leave?.())
  socket.on('error', () => socket.destroy())
}

/** Null until the body is complete. One request at a time comes on a connection. */
function whole(bytes: Buffer): Request | null {
  const end = bytes.indexOf(BLANK_LINE)
  if (end < 0) return null
  const head = bytes.toString('latin1', 0, end)
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  if (/^transfer-encoding: *chunked/im.test(head)) {
    if (!bytes.subarray(-5).equals(Buffer.from('0\r\n\r\n'))) return null
  } else if (bytes.length < end + 4 + length) return null
  const named = bytes.indexOf('bench-', end)
  const path = head.split(' ', 2)[1] ?? '/'
  return { path, model: modelOf(path) ?? modelOf(bytes.toString('latin1', named, named + 64)) ?? 'bench-json' }
}

const modelOf = (text: string): string | undefined =>
  /^[^"]*?(bench-(?:json|hold|paced-\d+-\d+|max-\d+))/.exec(text)?.[1]

/** Returns what to do when the connection closes. */
function answer(socket: Socket, { path, model }: Request): () => void {
  const [, kind, count, pace] = model.split('-')
  if (kind === 'json') {
    socket.write(made(path, model, () => [json(wireOf(path).json(1024))])[0] ?? '')
    counts.whole++
    return () => undefined
  }
  const pieces = made(path, model, () =>
    wireOf(path)
      .stream(Number(count ?? 2))
      .map(chunk),
  )
  counts.open++
  socket.write(
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
  )
  let next = 0
  let ended = false
  const end = (isWhole: boolean): void => {
    if (ended) return
    ended = true
    counts.open--
    counts[isWhole ? 'whole' : 'aborted']++
  }
  const send = (): boolean => {
    const piece = pieces[next++]
    if (ended || !piece) return false
    socket.write(piece)
    if (next < pieces.length) return true
    socket.write('0\r\n\r\n')
    end(true)
    return false
  }
  if (kind === 'max') sendAll(send)
  else sendPaced(send, kind === 'hold' ? HELD : Number(pace))
  return () => end(false)
}

/** A piece of every open stream, then again: reads at the other end hold what came in meanwhile. */
function sendAll(send: () => boolean): void {
  if (send()) setImmediate(sendAll, send)
}

/** The first piece falls anywhere within one pace, so that streams begun together do not beat together. */
function sendPaced(send: () => boolean, pace: number): void {
  const first = pace === HELD ? 0 : Math.random() * pace
  setTimeout(() => {
    if (!send() || !send()) return
    const timer = setInterval(() => {
      if (!send()) clearInterval(timer)
    }, pace)
    timer.unref()
  }, first)
}

function made(path: string, model: string, make: () => Buffer[]): Buffer[] {
  const key = path + model
  let pieces = answers.get(key)
  if (!pieces) {
    pieces = make()
    answers.set(key, pieces)
  }
  return pieces
}

const chunk = (text: string): Buffer => Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
const json = (text: string): Buffer =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
