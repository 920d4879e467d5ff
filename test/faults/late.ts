/** Faults in the middle of an answer, after its first content. */
import { answerHalf, restPieces, type Topic, type VendorCall } from './vendor.ts'

export interface LateFault {
  /** A whole answer that takes too long is not asked for again. */
  late?: boolean
  act: (call: VendorCall, topic: Topic) => void
  /** The answer is whole in spite of it. */
  harmless?: true
  /** Only where the client asked for a stream. */
  streamOnly?: true
}

const errorEvent = '{"error":{"message":"vendor broke","type":"server_error","code":null}}'

export const LATE: Record<string, LateFault> = {
  'resets the connection': { act: (call, topic) => answerHalf(call, topic, () => call.socket.resetAndDestroy()) },
  'closes the connection': { act: (call, topic) => answerHalf(call, topic, () => call.socket.end()) },
  'ends as if it were whole': { act: (call, topic) => answerHalf(call, topic, (response) => response.end()) },
  'falls silent': { act: (call, topic) => answerHalf(call, topic, () => {}), late: true },
  'breaks its chunked coding': {
    act: (call, topic) =>
      answerHalf(call, topic, () => {
        call.socket.write('zz\r\nnonsense\r\n')
        call.socket.end()
      }),
  },
  'sends an error event': {
    act: (call, topic) => answerHalf(call, topic, (response) => response.end(`data: ${errorEvent}\n\n`)),
    streamOnly: true,
  },
  'sends an error event by name': {
    act: (call, topic) => answerHalf(call, topic, (response) => response.end(`event: error\ndata: ${errorEvent}\n\n`)),
    streamOnly: true,
  },
  'sends an error inside a chunk': {
    act: (call, topic) =>
      answerHalf(call, topic, (response) =>
        response.end(
          'data: {"id":"x","error":{"code":502,"message":"vendor broke"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}\n\n',
        ),
      ),
    streamOnly: true,
  },
  'sends an error as a bare line': {
    act: (call, topic) => answerHalf(call, topic, (response) => response.end(`error: ${errorEvent}\n\n`)),
    streamOnly: true,
  },
  'ends with [DONE] only': {
    act: (call, topic) => answerHalf(call, topic, (response) => response.end('data: [DONE]\n\n')),
    streamOnly: true,
  },
  'sends one line of rubbish': {
    act: (call, topic) => answerHalf(call, topic, (response) => response.end(`data: {oops\n\n${restPieces(topic)}`)),
    streamOnly: true,
    harmless: true,
  },
  'ends twice': {
    act: (call, topic) =>
      answerHalf(call, topic, (response) => response.end(`${restPieces(topic)}${restPieces(topic)}`)),
    streamOnly: true,
    harmless: true,
  },
  'keeps the connection open after its end': {
    act: (call, topic) => answerHalf(call, topic, (response) => void response.write(restPieces(topic))),
    streamOnly: true,
    harmless: true,
  },
  'breaks after its end': {
    act: (call, topic) =>
      answerHalf(
        call,
        topic,
        (response) => void response.write(restPieces(topic), () => call.socket.resetAndDestroy()),
      ),
    streamOnly: true,
    harmless: true,
  },
  'ends without a blank line': {
    act: (call, topic) => answerHalf(call, topic, (response) => response.end(restPieces(topic).trimEnd())),
    streamOnly: true,
    harmless: true,
  },
}
