/** Clients that read numbered streams, one after the other, and count every piece that is lost or comes twice. */
import { Agent, request } from 'node:http'

export interface Tally {
  started: number
  whole: number
  /** Left by its client on purpose. */
  left: number
  /** Streams, and requests, that ended in an error. */
  broken: number
  /** Continued in their middle by the gateway. */
  resumed: number
  pieces: number
  lost: number
  doubled: number
  errors: Map<string, number>
}

export interface Clients {
  tally: Tally
  open(): number
  /** No new streams; resolves when all have ended. */
  stop(): Promise<void>
}

export interface ClientOptions {
  port: number
  /** At once. */
  streams: number
  /** Of one stream. */
  pieces: number
  /** Of a hundred clients, those that leave early. */
  leavers: number
  /** Milliseconds over which the first ones start. */
  spread: number
}

const BODY = JSON.stringify({ model: 'soak', stream: true, messages: [{ role: 'user', content: 'Count.' }] })

export function startClients({ port, streams, pieces, leavers, spread }: ClientOptions): Clients {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const tally: Tally = {
    started: 0,
    whole: 0,
    left: 0,
    broken: 0,
    resumed: 0,
    pieces: 0,
    lost: 0,
    doubled: 0,
    errors: new Map(),
  }
  let open = 0
  let stopping = false
  let onEmpty = (): void => {}

  function blame(why: string): void {
    tally.broken++
    tally.errors.set(why, (tally.errors.get(why) ?? 0) + 1)
  }

  function next(): void {
    open--
    if (!stopping) run()
    else if (open === 0) onEmpty()
  }

  function run(): void {
    open++
    tally.started++
    const leavesAt = Math.random() * 100 < leavers ? Math.floor(Math.random() * pieces) : Infinity
    let seen = 0
    let text = ''
    let over = false
    /** @param after milliseconds */
    const end = (after = 5): void => {
      if (over) return
      over = true
      setTimeout(next, after)
    }
    const sent = request(
      {
        port,
        host: '127.0.0.1',
        path: '/v1/chat/completions',
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': BODY.length },
      },
      (response) => {
        response.setEncoding('utf8')
        response.on('data', (bytes: string) => {
          text += bytes
          const cut = text.lastIndexOf('\n\n')
          if (cut < 0) return
          const events = text.slice(0, cut)
          text = text.slice(cut + 2)
          for (const [, number] of events.matchAll(/#(\d+) /g)) count(Number(number))
          if (events.includes('"resumed":')) tally.resumed++
          if (events.includes('data: [DONE]')) {
            tally.lost += pieces - seen
            tally.whole++
            end()
          } else if (events.includes('"error":{')) {
            blame(/"code":"?(\w+)/.exec(events)?.[1] ?? 'error')
            end()
          } else if (seen >= leavesAt) {
            tally.left++
            sent.destroy()
            end()
          }
        })
        response.on('error', () => {})
        response.on('end', () => {
          if (response.statusCode !== 200) blame(`status ${response.statusCode}`)
          else if (!over) blame('ended without an end')
          // as every client's SDK does
          end(Number(response.headers['retry-after'] ?? 0) * 1000 + 5)
        })
        response.on('close', () => {
          if (!over) blame('closed')
          end()
        })
      },
    )
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (!over) blame(error.code ?? error.message)
      end()
    })
    sent.end(BODY)

    function count(number: number): void {
      tally.pieces++
      if (number < seen) tally.doubled++
      else {
        tally.lost += number - seen
        seen = number + 1
      }
    }
  }

  for (let i = 0; i < streams; i++) setTimeout(run, (i / streams) * spread)

  return {
    tally,
    open: () => open,
    stop() {
      stopping = true
      return new Promise((resolve) => {
        onEmpty = () => {
          agent.destroy()
          resolve()
        }
        if (open === 0) onEmpty()
      })
    },
  }
}
