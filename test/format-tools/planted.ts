/** Faults that a writer of a definition makes, each planted in a copy of a shipped one by changing a text of it. */

export interface Planted {
  format: string
  /** What a user would notice. */
  fault: string
  /** Every place with this text is changed. */
  from: string
  to: string
}

export const PLANTED: readonly Planted[] = [
  // what is asked
  plant('openai', 'the key without its scheme', 'Bearer ${key}', '${key}'),
  plant('openai', 'streams that do not count', 'include_usage: true', 'include_usage: false'),
  plant('openai', "the client's name for the model", '    model: $model\n', ''),
  plant('anthropic', 'a key that is not sent', 'x-api-key: $key', 'x-api-key: $user'),
  plant('anthropic', 'stop under a name of others', 'stop_sequences: $stop', 'stop: $stop'),
  plant('anthropic', 'turns that do not alternate', '        merge: role', '        #'),
  plant('anthropic', 'a temperature that is out of range', 'clamp: { temperature: [0, 1] }', 'clamp: {}'),
  plant('anthropic', 'a result without its call', 'tool_use_id: $id', 'tool_call_id: $id'),
  plant('anthropic', 'a picture without its type', 'type: base64, media_type: $media_type', 'type: base64'),
  plant('anthropic', 'several answers in silence', 'refuse: [n]', 'refuse: []'),
  plant('anthropic', 'calls that are not forced', 'then: { type: any,', 'then: { type: auto,'),
  plant('gemini', 'a stream that is not asked for', '?alt=sse', ''),
  plant('gemini', 'a file without its type', 'inlineData: { mimeType: $media_type', 'inlineData: { mime: $media_type'),
  plant('gemini', 'a schema that the vendor refuses', 'responseSchema: *schema', 'responseSchema: $parameters'),
  plant(
    'gemini',
    'instructions that are lost',
    'when: { role: system, text: $text }',
    'when: { role: developer, text: $text }',
  ),
  // what is answered
  plant('anthropic', 'a cut answer that looks whole', 'max_tokens: length', 'max_tokens: stop'),
  plant('anthropic', 'cached tokens that are not', 'cached_tokens: $cache_read', 'cached_tokens: $input'),
  plant('anthropic', 'a prompt without its cached part', '[$input, $cache_read, $cache_write]', '[$input]'),
  plant('anthropic', 'thoughts among the words', 'emit: { reasoning: $text }', 'emit: { text: $text }'),
  plant(
    'anthropic',
    'arguments among the words',
    'emit: { tool_call: { index: $index, arguments: $json } }',
    'emit: { text: $json }',
  ),
  plant('anthropic', 'a stream that is cut wrongly', 'framing: sse', 'framing: json-array'),
  plant('anthropic', 'an end that is not seen', 'emit: { done: true }', 'emit: { text: " " }'),
  plant(
    'gemini',
    'thoughts that cost nothing',
    'completion_tokens: { $sum: [$output, $thoughts, 0] }',
    'completion_tokens: $output',
  ),
  plant('gemini', 'a cut that looks finished', 'MAX_TOKENS: length', 'MAX_TOKENS: stop'),
  plant('openai', 'answers that are lost', 'emit: { chunk: $chunk }', 'emit: { id: lost }'),
  // what goes wrong
  plant(
    'openai',
    'an account without money that rests only',
    'insufficient_quota: quota',
    'insufficient_quota: rate_limit',
  ),
  plant('openai', 'a limit for what remains', 'remaining: $remaining, reset', 'remaining: $limit, reset'),
  plant(
    'anthropic',
    'an overload that is the key’s fault',
    'overloaded_error: overloaded',
    'overloaded_error: authentication',
  ),
  plant(
    'gemini',
    'a spent day taken for a minute',
    'per: day, limit: $limit, class: day',
    'per: minute, limit: $limit, class: minute',
  ),
  plant('gemini', 'a limit that kills the key', 'RESOURCE_EXHAUSTED: rate_limit', 'RESOURCE_EXHAUSTED: authentication'),
  // wires of other families
  plant('bedrock', 'a result of no call', '                    toolUseId: $id', '                    toolUseName: $id'),
  plant('bedrock', 'an answer that was cut', 'max_tokens: length', 'max_tokens: stop'),
  plant('bedrock', 'counts that are lost', 'emit: { usage: $usage }', 'emit: { id: $usage }'),
  plant('cohere', 'stop under a name of others', 'stop_sequences: $stop', 'stop: $stop'),
  plant('cohere', 'an end that comes without its reason', 'MAX_TOKENS: length', 'MAX_TOKENS: tool_calls'),
  plant('cohere', 'a call whose pieces are lost', 'type: tool-call-delta', 'type: tool-call-deltas'),
  plant('ollama', 'a limit that is not heard', 'num_predict: $max_tokens', 'max_tokens: $max_tokens'),
  plant('ollama', 'a stream that never ends', 'when: { done: true,', 'when: { done: yes,'),
  plant('dashscope-native', 'words said again and again', 'transforms: [prefix-difference]', 'transforms: []'),
  plant(
    'hunyuan',
    'counts the wrong way round',
    'prompt_tokens: $input, completion_tokens: $output',
    'prompt_tokens: $output, completion_tokens: $input',
  ),
  plant('replicate', 'a list where a text is wanted', '{ $use: join, of: $stop, with: { by: "," } }', '$stop'),
]

function plant(format: string, fault: string, from: string, to: string): Planted {
  return { format, fault, from, to }
}
