import type { Cancellation } from '../chat/cancellation.ts'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../chat/error.ts'
import { createClientBody } from './client-body.ts'
import { decodeContent } from './client-encoding.ts'
import { createDeadlines } from './client-deadlines.ts'
import { cancelledFault, connectionFault, timeoutFault } from './client-faults.ts'
import type { ClientAnswer, Timeouts, UpstreamRequest } from './contract.ts'

export interface SendOptions {
  signal?: Cancellation
  /**
   * Milliseconds; 0 or absent is no limit. `connect`: until the request can be written, which is name look-up, TCP, TLS
   * and a free socket. `first_byte`: from then to the head of the answer. `idle`: between two reads of the body, while
   * its reader waits. `total`: from the start to the last byte.
   */
  timeouts?: Partial<Timeouts>
}

/** One request and its answer. All that goes wrong, at any time, goes through `fail`, and only once. */
export function startExchange(
  dispatcher: Dispatcher,
  target: { origin: string; path: string; host: string },
  request: UpstreamRequest,
  options: SendOptions,
  redirects: 'refuse' | 'give',
): Promise<ClientAnswer> {
  const { host } = target
  const { signal, timeouts = {} } = options
  const { promise, resolve, reject } = Promise.withResolvers<ClientAnswer>()
  let controller: Dispatcher.DispatchController | undefined
  let fault: GatewayError | undefined
  let answered = false
  const deadlines = createDeadlines(timeouts, (phase, milliseconds) => fail(timeoutFault(phase, milliseconds, host)))

  const body = createClientBody({
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
    waiting: () => deadlines.enter('idle'),
    reading: deadlines.rest,
    abandoned: () => fail(new GatewayError('cancelled', `The answer of ${host} was not read to its end.`)),
  })

  function cancel(): void {
    if (signal !== undefined) fail(cancelledFault(signal), true)
  }

  function release(): void {
    deadlines.clear()
    signal?.removeEventListener('abort', cancel)
  }

  function fail(error: GatewayError, discard = false): void {
    if (fault !== undefined) return
    fault = error
    release()
    if (answered) body.fail(error, discard)
    else reject(error)
    controller?.abort(error)
  }

  deadlines.enter('connect')
  signal?.addEventListener('abort', cancel)
  dispatcher.dispatch(
    {
      origin: target.origin,
      path: target.path,
      method: request.method,
      headers: request.headers,
      body: request.body.length > 0 ? request.body : null,
    },
    {
      onRequestStart(started) {
        controller = started
        // Cancelled while it waited for a connection.
        if (fault !== undefined) started.abort(fault)
        else deadlines.enter('first_byte')
      },
      onResponseStart(_, status, received) {
        if (status < 200 || fault !== undefined) return
        const headers = plainHeaders(received)
        if (status >= 300 && status < 400 && redirects === 'refuse') return fail(redirectFault(status, headers, host))
        deadlines.rest()
        try {
          resolve({ status, headers, body: plainBody(headers) })
        } catch (error) {
          return fail(connectionFault(error, false, host))
        }
        answered = true
      },
      onResponseData: (_, bytes) => body.push(bytes),
      onResponseEnd() {
        release()
        body.end()
      },
      onResponseError: (_, error) => fail(connectionFault(error, answered, host)),
    },
  )

  /** The body without its compression; the headers say no more of it then. */
  function plainBody(headers: Record<string, string>): AsyncIterable<Uint8Array> {
    const encoding = headers['content-encoding']
    if (encoding === undefined) return body
    delete headers['content-encoding']
    delete headers['content-length']
    return decodeContent(body, encoding, host)
  }

  return promise
}

function plainHeaders(received: Record<string, string | string[] | undefined>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name in received) {
    const value = received[name]
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

/** Where to, without the query: it may hold a key. */
function redirectFault(status: number, headers: Record<string, string>, host: string): GatewayError {
  const to = headers['location']?.replace(/[?#].*$/s, '') ?? 'nowhere'
  return new GatewayError('bad_answer', `${host} answered with a redirect (${status}) to ${to}; correct the base_url.`)
}
