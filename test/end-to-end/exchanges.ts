/** `npm run exchanges`: every recorded exchange through a running server, for each client API, whole and byte by byte. */
import { FAMILIES_OF_CHAT, judge, judgeFor, isPresent, refusals } from './judges.ts'

if (!isPresent) {
  console.error('The recorded exchanges are not beside this checkout (../shared).')
  process.exit(2)
}

let failed = 0
for (const split of [[], ['--split', '1']]) {
  for (const api of ['chat', 'messages', 'responses', 'gemini', 'embeddings', 'completions']) {
    const output =
      api === 'chat' ? await judge('--families', FAMILIES_OF_CHAT, ...split) : await judgeFor(api, ...split)
    const wrong = refusals(output)
    failed += wrong.length
    console.log(
      `${api}${split.length > 0 ? ', byte by byte' : ''}: ${/\d+\/\d+ (?:exchanges )?exact/.exec(output)?.[0] ?? 'no count'}`,
    )
    for (const line of wrong) console.log(line)
  }
}
process.exitCode = failed > 0 ? 1 : 0
