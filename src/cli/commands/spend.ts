/** `spend`: what was spent, by client, key, model, provider or day. */
import { dollarsText } from '../../chat/price.ts'
import { readGroups } from '../../api/routes/records.ts'
import { table } from '../../format-tools/catalogue/table.ts'
import { priceListEdition } from '../../prices/price-list.ts'
import { readOptions, refuseMore } from '../command-line.ts'
import { openRecords, readSince } from '../data-folder.ts'

const OPTIONS = {
  config: { type: 'string' },
  data: { type: 'string' },
  by: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  client: { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  refuseMore(positionals, 0)
  const dayOf = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : new Date(readSince(text, Date.now())).toISOString().slice(0, 10)
  const by = readGroups(values.by ?? 'client')
  const { client } = values
  const records = await openRecords(values)
  const rows = await records.spend({ by, since: dayOf(values.since), until: dayOf(values.until), client })
  if (values.json) {
    console.log(JSON.stringify(rows, null, 2))
    return 0
  }
  const cells = rows.map((row) => [
    ...by.map((group) => row[group] || '-'),
    String(row.requests),
    String(row.input_tokens),
    String(row.output_tokens),
    `$${dollarsText(row.cost)}`,
  ])
  const sum = rows.reduce((all, { cost }) => all + cost, 0)
  const { name, version, date } = priceListEdition()
  console.log(table([...by, 'requests', 'input', 'output', 'cost'], cells))
  console.log(
    `\n$${dollarsText(sum)} in all, where prices are known (your own, else of ${name} ${version}${date === undefined ? '' : ` of ${date}`})`,
  )
  return 0
}
