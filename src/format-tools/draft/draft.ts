/** A draft of a definition and its cases, from a vendor's curl example and samples of its answers. */
import { Document, visit } from 'yaml'
import { isMap } from '../../definition/scope.ts'
import { parseChatRequest } from '../../api/chat-completions/request/parse.ts'
import type { FormatDefinition } from '../../upstream/format/format-definition.ts'
import { compileFormat } from '../../upstream/format/format.ts'
import type { Format } from '../../upstream/types.ts'
import { answerOf } from '../cases/answer.ts'
import { differences } from '../cases/diff.ts'
import type { Case } from '../cases/case.ts'
import { clientBody, encodeCase } from '../cases/run-case.ts'
import { draftAnswer, draftStream, isOpenAI, isOpenAIStream } from './answer.ts'
import { leavesOf, nameOf } from './leaves.ts'
import { readCurl, type CurlRequest } from './curl.ts'
import { draftRequest, type RequestDraft } from './request.ts'
import { ROLE } from './words.ts'

export interface Samples {
  curl: string
  /** A whole answer. */
  answer?: unknown
  /** A stream, as it comes. */
  stream?: string
}

export interface Draft {
  /** YAML texts. */
  definition: string
  cases: string
  provider: Record<string, unknown>
  /** What a person should look at. */
  notes: string[]
}

/** @param compile makes a format of a definition that may extend another */
export function draftFormat(
  name: string,
  samples: Samples,
  compile: (definition: FormatDefinition) => Format = (definition) => compileFormat(name, definition),
): Draft {
  const curl = readCurl(samples.curl)
  const request = draftRequest(curl, {
    assistant: answererIn(samples.answer),
    streams: samples.stream !== undefined,
  })
  const { definition, notes } = isLikeOpenAI(curl, samples) ? likeOpenAI(curl) : ofItsOwn(request, samples)
  const base_url = isLikeOpenAI(curl, samples) ? curl.url.replace(OPENAI_PATH, '') : request.base_url
  const format = compile(definition as object as FormatDefinition)
  const { cases, differs } = draftCases(request, samples, curl.body, format)
  const all = [...request.notes, ...notes, ...differs]
  const head = [`# Drafted from an example. Look at: ${all.length === 0 ? 'nothing was unclear.' : ''}`.trimEnd()]
  return {
    definition: [...head, ...all.map((note) => `#   ${note}`), toYaml(definition)].join('\n'),
    cases: toYaml(cases),
    provider: { format: name, base_url, keys: [`\${${name.toUpperCase().replaceAll(/\W/g, '_')}_API_KEY}`] },
    notes: all,
  }
}

/** Characters of a map or list that stays on one line. */
const ONE_LINE = 80

function toYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Collection(_, node, path) {
      if (path.length > 2 && JSON.stringify(node.toJSON()).length <= ONE_LINE) node.flow = true
    },
  })
  return document.toString({ lineWidth: 116 })
}

/** What a sample answer calls the one who answers. */
function answererIn(answer: unknown): string | undefined {
  const found = leavesOf(answer).find(({ way, value }) => ROLE.test(nameOf(way)) && typeof value === 'string')
  return found && String(found.value)
}

const OPENAI_PATH = /\/chat\/completions\/?$/

function isLikeOpenAI({ url, body }: CurlRequest, { answer, stream }: Samples): boolean {
  if (!OPENAI_PATH.test(url) || !isMap(body) || !Array.isArray(body['messages'])) return false
  return (answer === undefined || isOpenAI(answer)) && (stream === undefined || isOpenAIStream(stream))
}

function likeOpenAI({ headers }: CurlRequest): { definition: Record<string, unknown>; notes: string[] } {
  const own = headers.filter(([name]) => !['content-type', 'accept', 'authorization'].includes(name))
  const extra = own.length === 0 ? {} : { request: { headers: Object.fromEntries(own) } }
  return {
    definition: { extends: 'openai-compatible', ...extra },
    notes: ['it looks like OpenAI: its differences go here'],
  }
}

function ofItsOwn(
  { request }: RequestDraft,
  samples: Samples,
): { definition: Record<string, unknown>; notes: string[] } {
  const whole = samples.answer === undefined ? undefined : draftAnswer(samples.answer)
  const stream = samples.stream === undefined ? undefined : draftStream(samples.stream)
  const notes = [...(whole?.notes ?? []), ...(stream?.notes ?? [])]
  if (!whole) notes.push('there was no sample of a whole answer: response is made from the stream')
  if (!stream) notes.push('there was no sample of a stream: write stream: { framing, events }')
  const finish = { ...whole?.finish_reasons, ...stream?.finish_reasons }
  const usage = whole?.usage ?? stream?.usage
  const definition = {
    request,
    response: (whole ?? stream)?.rules.map(({ when, emit }) => ({ when, emit })) ?? [
      { when: { text: '$text' }, emit: { text: '$text' } },
    ],
    ...(stream && {
      stream: {
        framing: stream.framing,
        ...(stream.done !== undefined && { done: stream.done }),
        events: stream.rules,
        ...(stream.transforms && { transforms: stream.transforms }),
      },
    }),
    ...(Object.keys(finish).length > 0 && { finish_reasons: finish }),
    ...(usage && { usage }),
  }
  return { definition, notes }
}

function draftCases(
  { client, model }: RequestDraft,
  { answer, stream }: Samples,
  example: unknown,
  format: Format,
): { cases: Case[]; differs: string[] } {
  const asks: Case = { name: 'The request of the example', model, client }
  const { request, warnings } = encodeCase(asks, format)
  const sends = JSON.parse(String(request.body)) as Record<string, unknown>
  const cases: Case[] = [
    {
      ...asks,
      path: request.url.slice('https://vendor.test'.length),
      sends,
      ...(warnings.length > 0 && { warns: warnings }),
    },
  ]
  if (answer !== undefined) cases.push(read({ name: 'The answer of the example', answers: answer }, format))
  if (stream !== undefined) cases.push(read({ name: 'The stream of the example', streams: stream }, format))
  const differs = differences(example, sends, true, 'body').map((each) => `unlike the example, ${each}`)
  return { cases, differs }
}

/** What a client gets now is what it should get from now on. */
function read(each: Case, format: Format): Case {
  const { given } = answerOf(each, format, parseChatRequest(clientBody(each)))
  const { content, tool_calls, finish_reason, usage, error } = given
  const gives = { content, tool_calls, finish_reason, usage, error }
  return { ...each, gives: JSON.parse(JSON.stringify(gives)) as Record<string, unknown> }
}
