/** What upstreams do instead of answering well, in the words of each wire. */
import type { VendorCall } from '../vendor.ts'
import { JSON_TYPE, type Wire } from './wires.ts'

/** A call of an upstream, and what it was asked for. */
export interface Asked extends Pick<VendorCall, 'response' | 'socket'> {
  stream: boolean
  wire: Wire
}

export interface Fault {
  act(asked: Asked): void
  /** What the client is told; 200 where nothing is lost. */
  status: number
  /** May another key answer? */
  retried: boolean
  /** Some of the answer was told before: a stream ends by an error. */
  isLate?: true
  only?: 'stream' | 'json'
  /** Words of the upstream that the client hears. */
  says?: string
  /** It is found out by a time-out. */
  waits?: true
  /** Nobody listens at the upstream's address. */
  isAbsent?: true
}

const refusing =
  (status: number, message: string, code: string | null = null, headers: Record<string, string> = {}) =>
  ({ response, wire }: Asked): void =>
    void response
      .writeHead(status, { ...JSON_TYPE, ...headers })
      .end(JSON.stringify(wire.refusal(status, message, code)))

/** A whole answer, or a stream. */
const answering =
  (body: (asked: Asked) => string, type?: string) =>
  (asked: Asked): void =>
    void asked.response
      .writeHead(200, {
        ...(asked.stream ? asked.wire.type : JSON_TYPE),
        ...(type !== undefined && { 'content-type': type }),
      })
      .end(body(asked))

export const wellBody = ({ wire, stream }: Asked): string => (stream ? wire.head + wire.first + wire.rest : wire.whole)
export const answerWell = answering(wellBody)

/** The first word of a stream, or half a body, with `then` once it is there. */
const half =
  (then: (asked: Asked) => void) =>
  (asked: Asked): void => {
    const { response, wire, stream } = asked
    if (stream) response.writeHead(200, wire.type)
    else response.writeHead(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked' })
    const begun = stream ? wire.head + wire.first : wire.whole.slice(0, wire.whole.length / 2)
    response.write(begun, () => then(asked))
  }

export const FAULTS: Record<string, Fault> = {
  'is not there': { act: () => {}, status: 502, retried: true, isAbsent: true },
  'resets before a byte': { act: ({ socket }) => socket.resetAndDestroy(), status: 502, retried: true },
  'limits the rate and says how long': {
    act: refusing(429, 'slow down, please', 'rate_limit_exceeded', { 'retry-after': '40' }),
    status: 429,
    retried: true,
    says: 'slow down, please',
  },
  'limits the rate': { act: refusing(429, 'slow down, please', 'rate_limit_exceeded'), status: 429, retried: true },
  'fails with 500': { act: refusing(500, 'vendor says 500'), status: 500, retried: true, says: 'vendor says 500' },
  'fails with 503': { act: refusing(503, 'vendor says 503'), status: 503, retried: true },
  'finds the key bad': { act: refusing(401, 'vendor says 401'), status: 401, retried: true },
  'finds the request bad': {
    act: refusing(400, 'vendor says 400'),
    status: 400,
    retried: false,
    says: 'vendor says 400',
  },
  'finds the body too large': { act: refusing(413, 'vendor says 413'), status: 413, retried: false },
  'finds the prompt too long': {
    act: (asked) => refusing(400, asked.wire.tooLong, 'context_length_exceeded')(asked),
    status: 400,
    retried: false,
  },
  'refuses the content': {
    act: refusing(400, 'Output blocked by content filtering policy', 'content_policy_violation'),
    status: 400,
    retried: false,
    says: 'content filtering policy',
  },
  'answers with a page': {
    act: answering(() => '<html>A hotel wants you to log in</html>', 'text/html'),
    status: 502,
    retried: true,
  },
  'answers well under a wrong type': { act: answering(wellBody, 'text/plain'), status: 200, retried: false },
  'answers what is no JSON': {
    act: answering(({ stream }) => (stream ? 'data: {oops\n\n'.repeat(40) : '{oops')),
    status: 502,
    retried: true,
  },
  'answers nothing': { act: answering(() => ''), status: 502, retried: true },
  'is silent': { act: () => {}, status: 504, retried: true, only: 'stream', waits: true },
  'is silent until it is late': { act: () => {}, status: 504, retried: false, only: 'json', waits: true },
  'is slow': {
    act: (asked) => void setTimeout(() => answerWell(asked), 200),
    status: 200,
    retried: false,
  },
  'begins with an error': {
    act: answering(({ wire }) => wire.head + wire.errorEvent),
    status: 502,
    retried: true,
    only: 'stream',
  },
  'is cut in the middle': {
    act: half(({ socket }) => socket.resetAndDestroy()),
    status: 502,
    retried: true,
    isLate: true,
  },
  'ends in the middle': { act: half(({ response }) => response.end()), status: 502, retried: true, isLate: true },
  'falls silent in the middle': {
    act: half(() => {}),
    status: 504,
    retried: true,
    isLate: true,
    only: 'stream',
    waits: true,
  },
  'tells an error in the middle': {
    act: half(({ response, wire }) => response.end(wire.errorEvent)),
    status: 502,
    retried: true,
    isLate: true,
    only: 'stream',
    says: 'vendor broke',
  },
  'says one line of rubbish in the middle': {
    act: half(({ response, wire }) =>
      response.end(`${wire.format === 'ollama' ? '{oops' : 'data: {oops'}\n\n${wire.rest}`),
    ),
    status: 200,
    retried: false,
    only: 'stream',
  },
}
