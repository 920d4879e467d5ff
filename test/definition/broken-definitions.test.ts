/* oxlint-disable unicorn/no-thenable -- the cases of a definition have a `then` */
/** What people get wrong in a definition, and the place at which they are told. */
import { describe, expect, test } from 'vitest'
import { DefinitionError, type Path } from '../../src/definition/error.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'
import { compileFormat } from '../../src/upstream/format/format.ts'

const SOUND: FormatDefinition = {
  request: { path: '/chat', headers: { authorization: 'Bearer ${key}' }, body: { model: '$model' } },
  response: [{ when: { text: '$text' }, emit: { text: '$text' } }],
  stream: { framing: 'sse', events: [{ when: { text: '$text' }, emit: { text: '$text' } }] },
}

const request = (changes: object): object => ({ request: { ...SOUND.request, ...changes } })
const body = (template: unknown): object => request({ body: template })
const response = (...rules: unknown[]): object => ({ response: rules })
const stream = (changes: object): object => ({ stream: { ...SOUND.stream, ...changes } })

interface Broken {
  what: string
  definition: object
  message: string
  path: Path
  at?: 'key'
  /** Characters into the text. */
  offset?: number
}

const BROKEN: Broken[] = [
  // holes
  {
    what: 'a hole misspelt',
    definition: body({ m: '$modle' }),
    message: 'unknown hole $modle, did you mean $model?',
    path: ['request', 'body', 'm'],
    offset: 1,
  },
  {
    what: 'a hole misspelt deep in a list',
    definition: body({ a: [{ b: '$messages' }, '$tolos'] }),
    message: 'did you mean $tools?',
    path: ['request', 'body', 'a', 1],
    offset: 1,
  },
  {
    what: 'a hole misspelt in a text',
    definition: request({ path: '/v1/${modle}/chat' }),
    message: 'did you mean $model?',
    path: ['request', 'path'],
    offset: 6,
  },
  {
    what: 'a hole misspelt in a header',
    definition: request({ headers: { 'X-Key': 'a ${kee}' } }),
    message: 'did you mean $key?',
    path: ['request', 'headers', 'X-Key'],
    offset: 4,
  },
  {
    what: 'a part of a hole misspelt',
    definition: body({ a: '$response_format.shema' }),
    message: '$response_format has no "shema", did you mean schema?',
    path: ['request', 'body', 'a'],
    offset: 1,
  },
  {
    what: 'a hole that is none',
    definition: body({ a: '$mo del' }),
    message: '"$mo del" is not a hole',
    path: ['request', 'body', 'a'],
  },
  {
    what: 'a hole in a text that is none',
    definition: body({ a: 'x ${a b}' }),
    message: '"${a b}" is not a hole',
    path: ['request', 'body', 'a'],
    offset: 2,
  },
  {
    what: 'a type in a template',
    definition: body({ a: '$model:text' }),
    message: 'types and ? belong in a pattern',
    path: ['request', 'body', 'a'],
  },
  {
    what: 'a hole of another rule',
    definition: response({ when: { a: '$a' }, emit: { text: '$a' } }, { when: { b: '$b' }, emit: { text: '$a' } }),
    message: 'unknown hole $a',
    path: ['response', 1, 'emit', 'text'],
    offset: 1,
  },
  {
    what: 'a hole of a later let',
    definition: request({ let: { a: '$b', b: '$model' } }),
    message: 'unknown hole $b',
    path: ['request', 'let', 'a'],
    offset: 1,
  },
  // operators
  {
    what: 'an operator misspelt',
    definition: body({ a: { $mtach: '$model' } }),
    message: 'unknown operator $mtach, did you mean $match?',
    path: ['request', 'body', 'a', '$mtach'],
    at: 'key',
  },
  {
    what: 'a word of an operator misspelt',
    definition: body({ a: { $match: '$model', wen: 'x', then: 1 } }),
    message: 'unexpected "wen", did you mean when?',
    path: ['request', 'body', 'a', 'wen'],
    at: 'key',
  },
  {
    what: 'a case without when',
    definition: body({ a: { $match: '$model', cases: [{ then: 1 }] } }),
    message: 'a case needs when',
    path: ['request', 'body', 'a', 'cases', 0],
  },
  {
    what: 'a case without then',
    definition: body({ a: { $match: '$model', cases: [{ when: 1 }] } }),
    message: 'a case needs then',
    path: ['request', 'body', 'a', 'cases', 0],
  },
  {
    what: 'a case with a stranger',
    definition: body({ a: { $match: '$model', cases: [{ when: 1, thn: 1, then: 2 }] } }),
    message: 'unexpected "thn", did you mean then?',
    path: ['request', 'body', 'a', 'cases', 0, 'thn'],
    at: 'key',
  },
  {
    what: 'cases that are no list',
    definition: body({ a: { $match: '$model', cases: {} } }),
    message: 'cases is a list',
    path: ['request', 'body', 'a', 'cases'],
  },
  {
    what: 'when beside cases',
    definition: body({ a: { $match: '$model', when: 1, cases: [{ when: 1, then: 1 }] } }),
    message: 'either when/then or cases',
    path: ['request', 'body', 'a', 'when'],
    at: 'key',
  },
  {
    what: 'a merge that is no key',
    definition: body({ a: [{ $pick: '$messages', merge: 1, when: {}, then: 1 }] }),
    message: 'merge names the key',
    path: ['request', 'body', 'a', 0, 'merge'],
  },
  {
    what: 'a mark misspelt',
    definition: body({ a: [{ $pick: '$messages', merge: { mrak: 'x' }, when: {}, then: 1 }] }),
    message: 'unexpected "mrak", did you mean mark?',
    path: ['request', 'body', 'a', 0, 'merge', 'mrak'],
    at: 'key',
  },
  {
    what: 'a sum of no list',
    definition: body({ a: { $sum: '$max_tokens' } }),
    message: '$sum takes a list',
    path: ['request', 'body', 'a', '$sum'],
  },
  {
    what: 'a first with company',
    definition: body({ a: { $first: ['$model'], when: 1 } }),
    message: 'unexpected "when"',
    path: ['request', 'body', 'a', 'when'],
    at: 'key',
  },
  {
    what: 'a function misspelt',
    definition: body({ a: { $use: 'shema', of: '$model' } }),
    message: 'unknown function "shema", did you mean schema?',
    path: ['request', 'body', 'a', '$use'],
  },
  {
    what: 'options of a function that are no map',
    definition: body({ a: { $use: 'schema', of: '$model', with: [] } }),
    message: 'with is a map of options',
    path: ['request', 'body', 'a', 'with'],
  },
  // patterns
  {
    what: 'a key of a message misspelt',
    definition: body({ a: [{ $pick: '$messages', when: { rol: 'user' }, then: 1 }] }),
    message: 'no key "rol" here, did you mean role?',
    path: ['request', 'body', 'a', 0, 'when', 'rol'],
    at: 'key',
  },
  {
    what: 'a key of a part misspelt',
    definition: body({
      a: [{ $pick: '$messages', when: { content: '$c' }, then: [{ $pick: '$c', when: { meda_type: '$x' }, then: 1 }] }],
    }),
    message: 'did you mean media_type?',
    path: ['request', 'body', 'a', 0, 'then', 0, 'when', 'meda_type'],
    at: 'key',
  },
  {
    what: 'an operator in a pattern',
    definition: response({ when: { $match: 1 }, emit: { text: 'x' } }),
    message: '"$match" cannot stand in a pattern',
    path: ['response', 0, 'when', '$match'],
    at: 'key',
  },
  {
    what: 'a type misspelt',
    definition: response({ when: { a: '$a:txt' }, emit: { text: '$a' } }),
    message: 'unknown type "txt" of $a, did you mean text?',
    path: ['response', 0, 'when', 'a'],
    offset: 3,
  },
  {
    what: 'a path in a pattern',
    definition: response({ when: { a: '$a.b' }, emit: { text: '$a' } }),
    message: '"$a.b" is not a hole',
    path: ['response', 0, 'when', 'a'],
  },
  {
    what: 'two holes without text between',
    definition: response({ when: { a: '${a}${b}' }, emit: { text: '$a' } }),
    message: 'two holes need text between them',
    path: ['response', 0, 'when', 'a'],
    offset: 4,
  },
  // rules
  {
    what: 'an emitted word misspelt',
    definition: response({ when: { a: '$a' }, emit: { txt: '$a' } }),
    message: '"txt" cannot be emitted, did you mean text?',
    path: ['response', 0, 'emit', 'txt'],
    at: 'key',
  },
  {
    what: 'an emitted word misspelt in a loop',
    definition: response({
      when: { a: '$a' },
      emit: [{ $pick: '$a', cases: [{ when: { b: '$b' }, then: { resoning: '$b' } }] }],
    }),
    message: 'did you mean reasoning?',
    path: ['response', 0, 'emit', 0, 'cases', 0, 'then', 'resoning'],
    at: 'key',
  },
  {
    what: 'a rule without emit',
    definition: response({ when: {} }),
    message: 'a rule needs emit',
    path: ['response', 0],
  },
  {
    what: 'a rule without when',
    definition: response({ emit: { text: 'x' } }),
    message: 'a rule needs when',
    path: ['response', 0],
  },
  {
    what: 'a rule with a stranger',
    definition: response({ when: {}, emmit: 1, emit: { text: 'x' } }),
    message: 'unexpected "emmit", did you mean emit?',
    path: ['response', 0, 'emmit'],
    at: 'key',
  },
  { what: 'rules that are no list', definition: { response: {} }, message: 'rules are a list', path: ['response'] },
  // tables and named components
  {
    what: 'a framing misspelt',
    definition: stream({ framing: 'ssee' }),
    message: 'unknown framing "ssee", did you mean sse?',
    path: ['stream', 'framing'],
  },
  {
    what: 'a framing with options, misspelt',
    definition: stream({ framing: { ndjsn: {} } }),
    message: 'did you mean ndjson?',
    path: ['stream', 'framing', 'ndjsn'],
    at: 'key',
  },
  {
    what: 'a stream transform misspelt',
    definition: stream({ transforms: ['nope'] }),
    message: 'unknown stream transform "nope"',
    path: ['stream', 'transforms', 0],
  },
  {
    what: 'a key of a stream misspelt',
    definition: stream({ don: '[DONE]' }),
    message: 'unexpected "don", did you mean done?',
    path: ['stream', 'don'],
    at: 'key',
  },
  {
    what: 'a request transform misspelt',
    definition: request({ prepare: ['trim-last-anser'] }),
    message: 'did you mean trim-last-answer?',
    path: ['request', 'prepare', 0],
  },
  {
    what: 'an authoriser misspelt',
    definition: { auth: 'aws-sigv5' },
    message: 'did you mean aws-sigv4?',
    path: ['auth'],
  },
  {
    what: 'an unknown field in refuse',
    definition: request({ refuse: ['n', 'sead'] }),
    message: '"sead" is not a field of a request, did you mean seed?',
    path: ['request', 'refuse', 1],
  },
  {
    what: 'an unknown field in ignore',
    definition: request({ ignore: ['usr'] }),
    message: 'did you mean user?',
    path: ['request', 'ignore', 0],
  },
  {
    what: 'a range that is upside down',
    definition: request({ clamp: { temperature: [1, 0] } }),
    message: 'a range is [lowest, highest]',
    path: ['request', 'clamp', 'temperature'],
  },
  {
    what: 'a kind of error misspelt',
    definition: { error: { when: { m: '$m' }, then: { message: '$m' }, kinds: { slow: 'rate_limt' } } },
    message: 'did you mean rate_limit?',
    path: ['error', 'kinds', 'slow'],
  },
  {
    what: 'a finish reason misspelt',
    definition: { finish_reasons: { END: 'stopp' } },
    message: '"stopp" is not a finish reason',
    path: ['finish_reasons', 'END'],
  },
  {
    what: 'a count of tokens misspelt',
    definition: { usage: { when: { i: '$i' }, then: { promt_tokens: '$i' } } },
    message: '"promt_tokens" is not a token count',
    path: ['usage', 'then', 'promt_tokens'],
    at: 'key',
  },
  {
    what: 'a metric of a limit misspelt',
    definition: { signals: [{ when: {}, then: { metric: 'requets', per: 'minute' } }] },
    message: 'unknown metric "requets", did you mean requests?',
    path: ['signals', 0, 'then', 'metric'],
  },
  {
    what: 'a period of a limit misspelt',
    definition: { signals: [{ when: {}, then: { metric: 'tokens', per: 'minut' } }] },
    message: 'unknown period "minut", did you mean minute?',
    path: ['signals', 0, 'then', 'per'],
  },
  {
    what: 'a class of a refusal misspelt',
    definition: { signals: [{ when: {}, then: { metric: 'tokens', class: 'minuet' } }] },
    message: 'unknown class "minuet", did you mean minute?',
    path: ['signals', 0, 'then', 'class'],
  },
  {
    what: 'a word of a limit misspelt',
    definition: { signals: [{ when: {}, then: { metric: 'tokens', remainig: 1 } }] },
    message: 'unexpected "remainig", did you mean remaining?',
    path: ['signals', 0, 'then', 'remainig'],
    at: 'key',
  },
  {
    what: 'a model whose entry is no map',
    definition: { models: { 'a*': 5 } },
    message: 'a model entry is a map',
    path: ['models', 'a*'],
  },
  {
    what: 'a request without a body',
    definition: { request: { path: '/' } },
    message: 'request needs a body',
    path: ['request'],
  },
  {
    what: 'a request without a path',
    definition: { request: { body: {} } },
    message: 'request needs a path',
    path: ['request'],
  },
  {
    what: 'a key of a request misspelt',
    definition: request({ haeders: {} }),
    message: 'unexpected "haeders", did you mean headers?',
    path: ['request', 'haeders'],
    at: 'key',
  },
  {
    what: 'a key of the format misspelt',
    definition: { respnse: [] },
    message: 'unexpected "respnse", did you mean response?',
    path: ['respnse'],
    at: 'key',
  },
]

describe('a fault in a definition is told with its place', () => {
  test('the definition that is broken here is sound', () => {
    expect(() => compileFormat('mine', SOUND)).not.toThrow()
  })

  test.each(BROKEN)('$what', ({ definition, message, path, at = 'value', offset = 0 }) => {
    const error = faultOf({ ...SOUND, ...definition } as FormatDefinition)
    expect(error.message).toContain(message)
    expect({ path: error.path, at: error.at, offset: error.offset }).toEqual({ path, at, offset })
  })
})

function faultOf(definition: FormatDefinition): DefinitionError {
  try {
    compileFormat('mine', definition)
  } catch (error) {
    if (error instanceof DefinitionError) return error
    throw error
  }
  throw new Error('nothing was found')
}
