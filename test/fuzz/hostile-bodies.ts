/** Request bodies that hold, together, everything that a client can send: a few fields each, so that most formats take most. */
import { frozen } from './hostile-values.ts'

type Body = Record<string, unknown>

const HI = { role: 'user', content: 'Hi' }
const PNG = 'data:image/png;base64,iVBORw0KGgo='

const SCHEMA = {
  type: 'object',
  description: 'd',
  properties: {
    a: { type: ['string', 'null'], description: 'x', enum: ['p', null], format: 'date', default: 'p', pattern: '^p' },
    b: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] },
    c: { type: 'array', items: { $ref: '#/$defs/node' }, minItems: 1 },
    d: { oneOf: [{ const: 1 }, { type: 'object', properties: { e: { type: 'string' } }, required: ['e'] }] },
    f: { allOf: [{ type: 'object', properties: {} }, { required: ['g'] }] },
    h: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
    i: { type: 'object', additionalProperties: { type: 'string' }, patternProperties: { '^x': { type: 'string' } } },
  },
  required: ['a'],
  additionalProperties: false,
  $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
}
const CHOICES = {
  anyOf: [{ $ref: '#/$defs/n' }, { type: 'object', required: ['x'] }],
  $defs: { n: { type: 'object' } },
}

const F = { type: 'function', function: { name: 'f', description: 'd', parameters: SCHEMA, strict: true } }
const G = {
  type: 'custom',
  custom: {
    name: 'g',
    description: 'd',
    format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } },
  },
}
const H = { type: 'function', function: { name: 'h', parameters: CHOICES }, cache_control: { type: 'ephemeral' } }
const called = (id: string, name: string): Body => ({
  id,
  type: 'function',
  function: { name, arguments: '{"a":"p"}' },
  extra_content: { google: { thought_signature: 'c2ln' } },
})

const BODIES: Record<string, Body> = {
  roles: {
    messages: [
      { role: 'system', content: 'Be brief.', name: 'boss' },
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }], name: 'ann' },
      { role: 'assistant', content: [{ type: 'text', text: 'Ho' }], name: 'bot' },
      { role: 'user', content: [{ type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } }] },
      { role: 'user', content: 'b' },
    ],
  },
  refusals: {
    messages: [
      HI,
      { role: 'assistant', content: null, refusal: 'No.' },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      { role: 'assistant', audio: { id: 'audio_1' } },
      HI,
      { role: 'assistant', content: 'It begins ' },
    ],
  },
  thoughts: {
    messages: [
      HI,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'b3Bh' },
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
          { type: 'text', text: 'Ho' },
        ],
        reasoning_content: 'Hm.',
        reasoning: 'Hm.',
        reasoning_details: [
          { type: 'reasoning.text', text: 'Hm.', signature: 'c2ln', index: 0 },
          { type: 'reasoning.text', text: ' Hm.', index: 0 },
          { type: 'reasoning.summary', summary: 'Hm.' },
          { type: 'reasoning.encrypted', data: 'b3Bh' },
        ],
        thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: 'c2ln' }],
        extra_content: { google: { thought_signature: 'c2ln' } },
      },
      HI,
    ],
  },
  images: {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What?' },
          { type: 'image_url', image_url: { url: PNG, detail: 'low' }, cache_control: { type: 'ephemeral' } },
          { type: 'image_url', image_url: PNG },
        ],
      },
    ],
  },
  'images by URL': {
    messages: [
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'https://x.example/a.png?b#c', detail: 'high' } }],
      },
    ],
  },
  sounds: {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
          { type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,AAAA' } },
        ],
      },
    ],
  },
  files: {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
          { type: 'file', file: { file_data: 'JVBERi0=', filename: 'a.pdf' } },
        ],
      },
    ],
  },
  'text files': {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'file', file: { file_data: 'data:text/plain;base64,SGk=', filename: 'a.txt' } },
          { type: 'text', text: 'What?' },
        ],
      },
    ],
  },
  'files elsewhere': {
    messages: [
      { role: 'user', content: [{ type: 'file', file: { file_id: 'file-1', filename: 'a.pdf' } }] },
      {
        role: 'user',
        content: [{ type: 'document_url', document_url: 'https://x.example/a.pdf', document_name: 'a' }],
      },
    ],
  },
  'parts that OpenAI does not know': {
    messages: [{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'https://x.example/a.mp4' } }] }],
  },
  tools: { messages: [HI], tools: [F, H], tool_choice: 'required', parallel_tool_calls: false },
  'custom tools': {
    messages: [
      HI,
      { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'g', input: 'a' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'done' },
    ],
    tools: [G, F],
    tool_choice: { type: 'custom', custom: { name: 'g' } },
  },
  "vendors' tools": {
    messages: [HI],
    tools: [
      { type: 'web_search', web_search: { a: 1 } },
      { google_search: {}, type: 'x' },
    ],
  },
  'a tool by its name': { messages: [HI], tools: [F, H], tool_choice: { type: 'function', function: { name: 'f' } } },
  'some of the tools': {
    messages: [HI],
    tools: [F, H, G],
    tool_choice: {
      type: 'allowed_tools',
      allowed_tools: { mode: 'auto', tools: [F, { type: 'custom', custom: { name: 'g' } }] },
    },
  },
  calls: {
    messages: [
      HI,
      { role: 'assistant', content: null, tool_calls: [called('call_1', 'f'), called('call-2', 'h')] },
      { role: 'tool', tool_call_id: 'call-2', content: [{ type: 'text', text: '{"b":1}' }], name: 'h' },
      { role: 'tool', tool_call_id: 'call_1', content: 'done' },
      {
        role: 'assistant',
        content: 'Again.',
        tool_calls: [{ ...called('3', 'f'), function: { name: 'f', arguments: {} } }],
      },
      { role: 'tool', tool_call_id: '3', content: null },
    ],
    tools: [F, H],
  },
  'calls without tools': {
    messages: [
      HI,
      { role: 'assistant', content: '', tool_calls: [called('call_1', 'f')] },
      { role: 'tool', tool_call_id: 'call_1', content: 'done' },
    ],
  },
  functions: {
    messages: [
      HI,
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
      { role: 'function', name: 'f', content: 'done' },
    ],
    functions: [{ name: 'f', description: 'd', parameters: SCHEMA }],
    function_call: { name: 'f' },
  },
  schema: {
    messages: [HI],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'n', description: 'd', schema: SCHEMA, strict: true },
    },
  },
  json: { messages: [HI], response_format: { type: 'json_object' } },
  sampling: {
    messages: [HI],
    max_tokens: 7,
    max_completion_tokens: 7,
    temperature: 0.3,
    top_p: 0.3,
    stop: ['END', '.'],
    seed: 7,
    user: 'u',
    reasoning_effort: 'low',
    stream: true,
    stream_options: { include_usage: true },
  },
  penalties: {
    messages: [HI],
    presence_penalty: 0.5,
    frequency_penalty: 0.5,
    logit_bias: { 42: 1 },
    n: 1,
    stop: 'END',
  },
  logprobs: { messages: [HI], logprobs: true, top_logprobs: 2 },
  options: {
    messages: [HI],
    metadata: { a: 'b' },
    store: false,
    service_tier: 'flex',
    verbosity: 'low',
    prompt_cache_key: 'k',
    prompt_cache_retention: '24h',
    safety_identifier: 'u',
  },
  'more options': {
    messages: [HI],
    modalities: ['text', 'audio'],
    audio: { voice: 'a', format: 'wav' },
    prediction: { type: 'content', content: [{ type: 'text', text: 'x' }] },
    web_search_options: {
      search_context_size: 'low',
      user_location: { type: 'approximate', approximate: { city: 'x' } },
    },
    moderation: { model: 'm' },
  },
  "vendors' fields": {
    messages: [HI],
    top_k: 5,
    thinking: { type: 'enabled', budget_tokens: 100 },
    safe_prompt: true,
    extra_body: { generationConfig: { topK: 5 }, think: true, options: { top_k: 5 }, parameters: { top_k: 5 } },
  },
}

export const HOSTILE_BODIES: readonly (readonly [name: string, body: Body])[] = Object.entries(BODIES).map(
  ([name, body]) => [name, frozen({ model: 'm', ...body })],
)
