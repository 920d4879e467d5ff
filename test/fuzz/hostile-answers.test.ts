/** A value of another kind at each place of a vendor's answer: told, or a fault that names the upstream; nothing else happens. */
import { expect, test } from 'vitest'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { GatewayError } from '../../src/chat/error.ts'
import { hasContent, explainsEmptiness } from '../../src/chat/content.ts'
import { createSentOutput } from '../../src/gateway/resume/sent-output.ts'
import { createUsageMeter } from '../../src/gateway/usage-meter.ts'
import type { Case } from '../../src/format-tools/cases/case.ts'
import { clientBody } from '../../src/format-tools/cases/run-case.ts'
import type { LimitSignal } from '../../src/scheduler/types.ts'
import type { Format, FramedEvent } from '../../src/upstream/types.ts'
import { readStream } from '../api/read-stream.ts'
import { casesOf, formatsWithCases, shipped } from '../formats/cases.ts'
import { isLong, PATIENCE } from './effort.ts'
import { HOSTILE, mustBe, mustRead, NO_TEXT, places, planted, shown, told } from './hostile-values.ts'

const META = { model: 'm', created: 1 }
const NOW = Date.UTC(2026, 0, 1)

/** Runs `work`; the only thing that may be thrown is the one error that crosses boundaries, and not for a defect of ours. */
function orFault(work: () => void): void {
  try {
    work()
  } catch (error) {
    expectFault(error)
  }
}

function expectFault(error: unknown): void {
  if (!(error instanceof GatewayError)) throw error
  if (error.kind === 'internal') throw error.cause
  mustRead(error.message)
  mustBe(error.code === null || typeof error.code === 'string', 'a code or none')
  mustBe(error.status >= 400, 'the status of an error')
}

/** The deltas as the gateway looks at them, streamed and added up. */
function readAll(request: ReturnType<typeof parseChatRequest>, reads: readonly Delta[][], terminated: boolean): void {
  const writer = createChunkWriter(request, META)
  const completion = createCompletion(request, META)
  const meter = createUsageMeter()
  const sentOutput = createSentOutput()
  let text = ''
  let whole: string | undefined
  for (const deltas of reads) {
    meter.see(deltas)
    for (const delta of deltas) mustBe([explainsEmptiness(delta), hasContent(delta)].length === 2, 'judged')
    expectTexts(sentOutput.trim(deltas))
    // what the vendor sent may be shared by both
    text += writer.write(structuredClone(deltas))
    expectUsed(meter.read())
  }
  sentOutput.broke()
  text += writer.end(terminated)
  if (writer.fault()) expectFault(writer.fault())
  orFault(() => {
    for (const deltas of reads) completion.take(deltas)
    whole = JSON.stringify(completion.end(terminated))
  })
  mustRead(`${text}${whole ?? ''}`)
  readStream(text, request.include_usage)
}

function expectTexts(deltas: readonly Delta[]): void {
  for (const { text, reasoning, refusal } of deltas)
    for (const each of [text, reasoning, refusal]) mustBe(each === undefined || typeof each === 'string', 'a text')
}

function expectUsed(used: object): void {
  for (const count of Object.values(used)) mustBe(count === undefined || Number.isFinite(count), 'a count')
}

function expectSignals(signals: readonly LimitSignal[]): void {
  for (const { metric, resetMeans, class: kind, scope, ...numbers } of signals) {
    for (const word of [metric, resetMeans, kind, scope])
      mustBe(word === undefined || typeof word === 'string', 'a word of a limit')
    for (const number of Object.values(numbers)) mustBe(Number.isFinite(number), 'a number of a limit')
  }
}

let turn = 0
/** The value that finds most and a few others in turn; in `npm run fuzz` all. */
function valuesFor(): readonly unknown[] {
  return isLong ? HOSTILE : [NO_TEXT, ...Array.from({ length: FEW }, () => HOSTILE[turn++ % HOSTILE.length])]
}

const FEW = 2

function tryEach(value: unknown, faults: string[], run: (hurt: unknown) => void): void {
  for (const path of [[], ...places(value)]) {
    for (const each of valuesFor()) {
      if (path.length === 0 && typeof each === 'symbol') continue
      try {
        run(planted(value, path, each))
      } catch (error) {
        faults.push(`${shown(path, each)}: ${told(error)}`)
      }
    }
  }
}

function hurtWhole(each: Case, format: Format): string[] {
  const request = parseChatRequest({ ...clientBody(each), stream: false })
  const answer = { status: each.status ?? 200, headers: each.answer_headers ?? {} }
  const faults: string[] = []
  tryEach(each.answers, faults, (hurt) => {
    const text = JSON.stringify(hurt)
    expectSignals(format.signals(answer, JSON.parse(text), NOW))
    expectFault(format.decodeError(answer, text))
    if (answer.status < 300) orFault(() => readAll(request, [format.decodeBody(JSON.parse(text), request)], true))
    if (format.follow) orFault(() => void format.follow?.(JSON.parse(text), true, FIRST))
  })
  return faults
}

const FIRST = { method: 'POST', url: 'https://x.example/v1', headers: {}, body: '' }

function hurtStream(each: Case, format: Format): string[] {
  const bytes =
    each.streams === undefined ? Buffer.from(each.streams_base64 ?? '', 'base64') : Buffer.from(each.streams)
  const request = parseChatRequest({ ...clientBody(each), stream: true })
  const framer = format.framing()
  const events = [...framer.push(bytes), ...framer.end()]
  const faults: string[] = []
  for (const [at, event] of events.entries()) {
    const value = valueOf(event)
    if (value === undefined) continue
    tryEach(value, faults, (hurt) => decodeAll(events.with(at, asSent(event, hurt)), format, request))
  }
  return faults
}

function decodeAll(events: FramedEvent[], format: Format, request: ReturnType<typeof parseChatRequest>): void {
  const decoder = format.decoder(request)
  const reads: Delta[][] = []
  let isOver = false
  orFault(() => {
    for (const event of events) {
      const out: Delta[] = []
      isOver = decoder.decode(event, out)
      reads.push(out)
      if (isOver) break
    }
    const out: Delta[] = []
    decoder.end(out)
    reads.push(out)
  })
  readAll(request, reads, isOver)
}

function valueOf({ value, text }: FramedEvent): unknown {
  if (value !== undefined || text === undefined) return value
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function asSent(event: FramedEvent, value: unknown): FramedEvent {
  const text = JSON.stringify(value)
  return event.value === undefined ? { ...event, text } : { ...event, value: JSON.parse(text) as unknown }
}

test.each(formatsWithCases())('%s', { timeout: PATIENCE }, (name) => {
  const format = shipped(name)
  const faults = casesOf(name).flatMap((each) => [
    ...(each.answers === undefined ? [] : hurtWhole(each, format)),
    ...(each.streams === undefined && each.streams_base64 === undefined ? [] : hurtStream(each, format)),
  ])
  expect(faults).toEqual([])
})
