/** Reads a vendor's curl example: the request that it would send. */

export interface CurlRequest {
  url: string
  /** Names in lower case. */
  headers: [name: string, value: string][]
  body: unknown
}

const WITH_VALUE: Record<string, keyof typeof TAKERS> = {
  '-H': 'header',
  '--header': 'header',
  '-d': 'data',
  '--data': 'data',
  '--data-raw': 'data',
  '--data-binary': 'data',
  '--json': 'data',
  '--url': 'url',
  '-u': 'user',
  '--user': 'user',
  '-X': 'skip',
  '--request': 'skip',
  '-o': 'skip',
  '--output': 'skip',
  '-m': 'skip',
  '--max-time': 'skip',
  '-A': 'skip',
  '--user-agent': 'skip',
}

interface Draft {
  url?: string
  headers: [string, string][]
  data: string
}

const TAKERS = {
  header(draft: Draft, value: string): void {
    const colon = value.indexOf(':')
    if (colon > 0) draft.headers.push([value.slice(0, colon).trim().toLowerCase(), value.slice(colon + 1).trim()])
  },
  data(draft: Draft, value: string): void {
    draft.data += value
  },
  url(draft: Draft, value: string): void {
    draft.url = value
  },
  user(draft: Draft, value: string): void {
    draft.headers.push(['authorization', `Basic ${value}`])
  },
  skip(): void {},
}

/** Throws an Error that says what the example lacks. */
export function readCurl(text: string): CurlRequest {
  const [command, ...words] = shellWords(text)
  if (command !== 'curl') throw new Error('the example does not begin with curl')
  const draft: Draft = { headers: [], data: '' }
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const taker = WITH_VALUE[word]
    if (taker !== undefined) TAKERS[taker](draft, words[++i] ?? '')
    else if (!word.startsWith('-')) draft.url ??= word
  }
  if (draft.url === undefined) throw new Error('the example has no URL')
  if (draft.data.startsWith('@'))
    throw new Error(`the body is in ${draft.data.slice(1)}: put it into the example itself`)
  if (draft.data.trim() === '') throw new Error('the example has no body (-d)')
  return { url: draft.url, headers: draft.headers, body: readBody(draft.data) }
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`the body of the example is not valid JSON: ${why}`, { cause })
  }
}

/** Words as a shell would have them; variables are left as they stand. */
export function shellWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? ''
    if (quote === "'") {
      if (char === "'") quote = undefined
      else word += char
    } else if (char === '\\') {
      const next = text[++i] ?? ''
      const kept = quote === '"' && !'"\\$`\n'.includes(next)
      if (next === '\r' && text[i + 1] === '\n') i++
      else if (next !== '\n') word = (word ?? '') + (kept ? char + next : next)
    } else if (quote === '"') {
      if (char === '"') quote = undefined
      else word += char
    } else if (char === "'" || char === '"') {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  return words
}
