/** Wire formats that people get wrong, marked as in broken-files.ts. */
import { PROVIDER, type BrokenFile } from './broken-files.ts'

const withFormat = (lines: string): string => `${PROVIDER}formats:\n  mine:\n${lines}\n`

export const BROKEN_DEFINITIONS: BrokenFile[] = [
  {
    what: 'a format that extends an unknown one',
    text: withFormat('    extends: §opnai'),
    messages: ['unknown format opnai, did you mean openai?'],
  },
  {
    what: 'a format that extends itself by way of another',
    text: `${PROVIDER}formats:\n  a: { extends: §b }\n  b: { extends: §a }`,
    messages: [
      'formats that extend each other in a circle: b → a → b',
      'formats that extend each other in a circle: a → b → a',
    ],
  },
  {
    what: 'a format in a file that is not there',
    text: `${PROVIDER}formats:\n  a: §./nowhere.yaml`,
    messages: ['there is no file ./nowhere.yaml'],
  },
  {
    what: 'a part of a definition misspelt',
    text: withFormat('    extends: openai\n    §strem: {}'),
    messages: ['unknown key strem, did you mean stream?'],
  },
  {
    what: 'a part of a request misspelt',
    text: withFormat('    extends: openai\n    request: { §haeders: {} }'),
    messages: ['unknown key haeders, did you mean headers?'],
  },
  {
    what: 'a hole misspelt',
    text: withFormat('    extends: anthropic\n    request: { body: { model: $§modle } }'),
    messages: ['unknown hole $modle, did you mean $model?'],
  },
  {
    what: 'a hole misspelt inside a text',
    text: withFormat('    extends: anthropic\n    request: { path: "/v1/${§modle}/chat" }'),
    messages: ['unknown hole $modle, did you mean $model?'],
  },
  {
    what: 'a hole misspelt inside a block of text',
    text: withFormat('    extends: anthropic\n    request:\n      path: >-\n        /v1/${§modle}'),
    messages: ['unknown hole $modle, did you mean $model?'],
  },
  {
    what: 'an operator misspelt',
    text: withFormat('    extends: anthropic\n    request: { body: { model: { §$mtach: $model, when: a, then: b } } }'),
    messages: ['unknown operator $mtach, did you mean $match? ('],
  },
  {
    what: 'when misspelt in a rule',
    text: withFormat('    extends: anthropic\n    response:\n      - { §whn: { id: $id }, emit: { id: $id } }'),
    messages: ['unknown key whn, did you mean when?'],
  },
  {
    what: 'a framing misspelt',
    text: withFormat('    extends: anthropic\n    stream: { framing: §ssee }'),
    messages: ['unknown framing "ssee", did you mean sse? ('],
  },
  {
    what: 'a finish reason that OpenAI has not',
    text: withFormat('    extends: openai\n    finish_reasons: { END: §stpo }'),
    messages: ['expected stop, length, tool_calls, content_filter, function_call or error, did you mean stop?'],
  },
  {
    what: 'a bad glob',
    text: withFormat('    extends: openai\n    models: { §"gpt-[45]*": { thinking: true } }'),
    messages: ["expected a model's name, in which * stands for anything"],
  },
  {
    what: 'a clamp with one bound',
    text: withFormat('    extends: openai\n    request: { clamp: { temperature: §[0] } }'),
    messages: ['expected [lowest, highest], found a list with too few entries'],
  },
  {
    what: 'an authoriser misspelt',
    text: withFormat('    extends: openai\n    auth: §aws-sigv5'),
    messages: ['unknown authoriser "aws-sigv5", did you mean aws-sigv4? ('],
  },
]
