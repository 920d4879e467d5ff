/** Bodies like those that people and their agents send: code with line ends and quotes, tools with schemas, calls and their results. */

export type BodyKind = 'prose' | 'conversation' | 'tools' | 'agent'

/** Stands in the first message of a conversation that nobody sent before: each request has another number there. */
export const NUMBER = '#number#'

type Wire = Record<string, unknown>

/** Of a repository that nobody wrote: each line another, as real ones are. Line ends, tabs, quotes, backslashes, some letters beyond ASCII. */
function code(file: number, lines: number): string {
  return Array.from({ length: lines }, (_, line) => {
    const name = `entry${file}_${line}`
    if (line % 9 === 0) return `/** Keeps "${name}" as it was — see the café’s ledger, §${line}. */`
    if (line % 7 === 3)
      return `\tif (${name}.path.match(/\\.(ts|js)$/)) throw new Error('no file: "' + ${name} + '"')\n`
    return `  const ${name} = await read(\`\${root}/${name}.ts\`, { encoding: "utf8", from: ${line * 131} })`
  }).join('\n')
}

const prose = (size: number): string => 'What does the tide carry today? '.repeat(Math.ceil(size / 32)).slice(0, size)

/** Questions and answers with code in them, until they are as long as is asked. */
function conversation(size: number): Wire[] {
  const messages: Wire[] = [{ role: 'system', content: 'You are a careful programmer.\nAnswer in short sentences.' }]
  for (let turn = 0, length = 0; length < size; turn++) {
    const content =
      turn % 2 === 0
        ? `Why does this fail?\n\n\`\`\`ts\n${code(turn, 40)}\n\`\`\`\nIt says: "cannot read ‘path’ of undefined".`
        : `Because \`path\` is not there yet:\n\n\`\`\`diff\n${code(turn, 12)}\n\`\`\`\n`
    const message = { role: turn % 2 === 0 ? 'user' : 'assistant', content }
    messages.push(message)
    length += JSON.stringify(message).length
  }
  // who asks last is the user
  if (messages.at(-1)?.['role'] === 'assistant') messages.push({ role: 'user', content: 'And now?' })
  return messages
}

const TOOL_NAMES = ['read_file', 'write_file', 'run_command', 'search', 'list_directory', 'fetch_page'] as const

function tool(name: string): Wire {
  const text = (description: string): Wire => ({ type: 'string', description })
  return {
    type: 'function',
    function: {
      name,
      description: `Does what "${name}" says, once, in the folder of the project.\nGives an error where it cannot: read that, and try another way.`,
      parameters: {
        type: 'object',
        properties: {
          path: text('Where, from the folder of the project. Never begins with "/".'),
          pattern: text('What is looked for, as a regular expression: \\bword\\b, say.'),
          options: {
            type: 'object',
            properties: {
              limit: { type: 'integer', minimum: 1, maximum: 1000, description: 'The most lines that are given.' },
              mode: { type: 'string', enum: ['plain', 'regex', 'glob'] },
              tags: { type: 'array', items: text('A word of your own.') },
            },
            additionalProperties: false,
          },
        },
        required: ['path'],
        additionalProperties: false,
      },
      strict: false,
    },
  }
}

const TOOLS = TOOL_NAMES.map(tool)

/** An agent's turns: each answer calls a tool, and what the tool read comes back. */
function history(size: number): Wire[] {
  const messages: Wire[] = [
    { role: 'system', content: `You work in a repository.\n\n# Rules\n\n${code(0, 20)}` },
    { role: 'user', content: 'Find out why the test "keeps its ledger" fails, and mend it.' },
  ]
  for (let turn = 0, length = 0; length < size; turn++) {
    const id = `call_${turn}_Ab3dE6gH9jK2`
    const name = TOOL_NAMES[turn % TOOL_NAMES.length]
    const given = JSON.stringify({
      path: `src/entry-${turn}.ts`,
      pattern: 'entry\\d+',
      options: { limit: 200, mode: 'regex' },
    })
    const call = { id, type: 'function', function: { name, arguments: given } }
    const pair = [
      {
        role: 'assistant',
        content: turn % 3 === 0 ? `I look at \`entry-${turn}.ts\` first.` : null,
        tool_calls: [call],
      },
      { role: 'tool', tool_call_id: id, content: code(turn, 24) },
    ]
    messages.push(...pair)
    length += JSON.stringify(pair).length
  }
  return messages
}

/**
 * All of a body but its model.
 * @param size bytes, about
 * @param isNew has each request another first message? Otherwise it is the same conversation, of which all but the end comes again
 */
export function bodyOf(kind: BodyKind, size: number, isNew = false): Wire {
  const body = wholeBody(kind, size)
  const messages = body['messages'] as Wire[]
  return isNew ? { ...body, messages: [{ role: 'system', content: `Session ${NUMBER}.` }, ...messages] } : body
}

function wholeBody(kind: BodyKind, size: number): Wire {
  switch (kind) {
    case 'conversation':
      return { messages: conversation(size), temperature: 0.2 }
    case 'tools':
      return {
        messages: [{ role: 'user', content: 'Which files name the ledger?' }],
        tools: TOOLS,
        tool_choice: 'auto',
      }
    case 'agent':
      return { messages: history(size), tools: TOOLS, parallel_tool_calls: true }
    case 'prose':
      return { messages: [{ role: 'user', content: prose(size) }] }
    default:
      return kind satisfies never
  }
}
