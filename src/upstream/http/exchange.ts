import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Cancellation } from '../../runtime/cancellation.ts'
import { GatewayError } from '../../chat/error.ts'
import { createClientBody, type ClientBody, type Tap } from './body.ts'
import { decodeContent } from './content-encoding.ts'
import { createDeadlines, type Deadlines, type Watched } from './deadlines.ts'
import { cancelledFault, connectionFault, timeoutFault, type Phase } from './connection-errors.ts'
import { errors } from './undici-parts.ts'
import type { Pools, SocketFault } from './connection-pools.ts'
import type { ClientAnswer, Silence, Timeouts, UpstreamRequest } from '../types.ts'

export interface SendOptions {
  signal?: Cancellation
  /**
   * Milliseconds; 0 or absent is no limit. `connect`: until the request can be written, which is name look-up, TCP, TLS
   * and a free socket. `first_byte`: from then to the head of the answer. `idle`: between two reads of the body, while
   * its reader waits. `total`: from the start to the last byte. `answer`: the same, of an answer that comes whole.
   */
  timeouts?: Partial<Timeouts>
}

/** Where to, in pieces. */
export interface ExchangeTarget {
  origin: string
  path: string
  host: string
}

/** Milliseconds in which a server's goodbye on an idle socket can cross with a request. */
const CROSSING = 1000

/** One request and its answer. */
export function startExchange(
  pools: Pick<Pools, 'of' | 'fresh'>,
  target: ExchangeTarget,
  request: UpstreamRequest,
  options: SendOptions,
  redirects: 'refuse' | 'give',
): Promise<ClientAnswer> {
  return new Promise((resolve, reject) => {
    new Exchange(pools, target, request, options, redirects, resolve, reject).begin()
  })
}

const NO_LIMITS: Partial<Timeouts> = {}

/** All that goes wrong, at any time, goes through `fail`, and only once. A class: one object a request, few closures. */
class Exchange implements Dispatcher.DispatchHandler, Tap, Watched, Silence {
  private readonly pools: Pick<Pools, 'of' | 'fresh'>
  private readonly target: ExchangeTarget
  /** Until an answer begins: a stream may be open for long, and need not hold what was asked. */
  private request: UpstreamRequest | undefined
  private readonly signal: Cancellation | undefined
  private readonly redirects: 'refuse' | 'give'
  private resolve: ((answer: ClientAnswer) => void) | undefined
  private readonly reject: (error: GatewayError) => void
  private readonly deadlines: Deadlines
  private readonly body: ClientBody
  private readonly started = performance.now()
  private controller: Dispatcher.DispatchController | undefined
  private fault: GatewayError | undefined
  private answered = false
  private isSecond = false
  private isReleased = false
  /** What was left of `first_byte` when the head came. */
  private firstLeft = Infinity
  /** The reader knows what says something. */
  private isJudged = false
  private readonly cancel = (): void => {
    if (this.signal !== undefined) this.fail(cancelledFault(this.signal), true)
  }

  constructor(
    pools: Pick<Pools, 'of' | 'fresh'>,
    target: ExchangeTarget,
    request: UpstreamRequest,
    { signal, timeouts = NO_LIMITS }: SendOptions,
    redirects: 'refuse' | 'give',
    resolve: (answer: ClientAnswer) => void,
    reject: (error: GatewayError) => void,
  ) {
    this.pools = pools
    this.target = target
    this.request = request
    this.signal = signal
    this.redirects = redirects
    this.resolve = resolve
    this.reject = reject
    this.deadlines = createDeadlines(timeouts, this)
    this.body = createClientBody(this)
  }

  begin(): void {
    this.signal?.addEventListener('abort', this.cancel)
    this.dispatch()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    // Cancelled while it waited for a connection.
    if (this.fault !== undefined) controller.abort(this.fault)
    else this.deadlines.enter('first_byte')
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    received: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200 || this.fault !== undefined) return
    const headers = plainHeaders(received)
    if (status >= 300 && status < 400 && this.redirects === 'refuse') {
      return this.fail(redirectFault(status, headers, this.target.host))
    }
    this.deadlines.rest()
    this.firstLeft = this.deadlines.left()
    this.deadlines.renew('idle')
    try {
      this.resolve?.({ status, headers, body: this.plainBody(headers), silence: this })
    } catch (error) {
      return this.fail(connectionFault(error, false, this.target.host))
    }
    this.answered = true
    this.request = undefined
    this.resolve = undefined
    controller.rawHeaders = null
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    this.body.push(bytes)
  }

  onResponseEnd(): void {
    this.release()
    this.body.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.isCrossed(error)) {
      this.isSecond = true
      this.dispatch()
    } else this.fail(connectionFault(error, this.answered, this.target.host))
  }

  late(phase: Phase, milliseconds: number): void {
    this.fail(timeoutFault(phase, milliseconds, this.target.host))
  }

  pause(): void {
    this.controller?.pause()
  }

  resume(): void {
    this.controller?.resume()
  }

  waiting(): void {
    if (!this.isReleased) this.deadlines.goOn()
  }

  reading(): void {
    this.deadlines.rest()
    if (!this.isJudged) this.deadlines.renew('idle')
  }

  judge(): void {
    this.isJudged = true
    // without a limit for the beginning, silence behind the head is still silence
    if (this.firstLeft !== Infinity) this.deadlines.takeUp('first_byte', this.firstLeft)
  }

  progress(): void {
    this.deadlines.renew('idle')
  }

  abandoned(): void {
    const { host } = this.target
    this.fail(new GatewayError('cancelled', `The answer of ${host} was not read to its end.`, { host }))
  }

  private dispatch(): void {
    const { target, request } = this
    if (request === undefined) return
    this.deadlines.enter('connect')
    try {
      const pool = this.isSecond ? this.pools.fresh(target.origin) : this.pools.of(target.origin)
      pool.dispatch(
        {
          origin: target.origin,
          path: target.path,
          method: request.method,
          headers: request.headers,
          body: bodyOf(request),
          reset: this.isSecond,
        },
        this,
      )
    } catch (error) {
      this.fail(connectionFault(error, false, target.host))
    }
  }

  /**
   * The server closed or reset an idle socket while the request was on its way: no head of an answer came, on a socket that
   * had brought answers before. Nobody read the request, so it is sent again, once, on a connection of its own: others
   * that lay idle may be as dead.
   */
  private isCrossed(error: Error): boolean {
    if (this.answered || this.isSecond || this.fault !== undefined) return false
    const before = error instanceof errors().SocketError ? error.socket?.bytesRead : (error as SocketFault).bytesRead
    if (before === undefined || before === 0) return false
    return performance.now() - this.started <= CROSSING
  }

  private fail(error: GatewayError, discard = false): void {
    if (this.fault !== undefined) return
    this.fault = error
    this.release()
    if (this.answered) this.body.fail(error, discard)
    else this.reject(error)
    this.controller?.abort(error)
  }

  private release(): void {
    this.isReleased = true
    this.deadlines.clear()
    this.signal?.removeEventListener('abort', this.cancel)
  }

  /** The body without its compression; the headers say no more of it then. */
  private plainBody(headers: Record<string, string>): AsyncIterable<Uint8Array> {
    const encoding = headers['content-encoding']
    if (encoding === undefined) return this.body
    delete headers['content-encoding']
    delete headers['content-length']
    return decodeContent(this.body, encoding, this.target.host)
  }
}

/** Of pieces a new stream each time: it is read once. Their length stands in the headers. */
function bodyOf({ body, pieces }: UpstreamRequest): Dispatcher.DispatchOptions['body'] {
  if (pieces !== undefined) return Readable.from(pieces, { objectMode: false })
  return body.length > 0 ? body : null
}

/** What came twice is joined. The object is ours: the client made it for this answer. */
function plainHeaders(received: Record<string, string | string[] | undefined>): Record<string, string> {
  for (const name in received) {
    const value = received[name]
    if (Array.isArray(value)) received[name] = value.join(', ')
  }
  return received as Record<string, string>
}

/** Where to, without the query: it may hold a key. */
function redirectFault(status: number, headers: Record<string, string>, host: string): GatewayError {
  const to = headers['location']?.replace(/[?#].*$/s, '') ?? 'nowhere'
  const message = `${host} answered with a redirect (${status}) to ${to}; correct the base_url.`
  return new GatewayError('bad_answer', message, { host })
}
