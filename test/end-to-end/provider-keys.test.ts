/** Two administrators at once: what the one adds the other finds there. */
import { expect, test } from 'vitest'
import { createProviderKeys, type ProviderKeyParts } from '../../src/app/desk/provider-keys.ts'
import type { Documents } from '../../src/store/documents.ts'

test('a key that two add at once is added once', async () => {
  const served: { name: string; secret: string }[] = []
  const rows = new Map<string, { name: string; sealed: string }>()
  const documents: Documents = {
    all: () => rows,
    async change(decide) {
      const { id = '', document } = decide() ?? {}
      if (document === undefined) rows.delete(id)
      else rows.set(id, document as { name: string; sealed: string })
    },
    onOthers: () => {},
  }
  const reload = async (): Promise<object> => {
    // as long as processes take to start
    await new Promise((resolve) => setImmediate(resolve))
    served.splice(
      0,
      Infinity,
      ...[...rows.values()].map(({ name, sealed }) => ({ name, secret: JSON.parse(sealed) as string })),
    )
    return { loaded: '' }
  }
  const parts = Object({
    documents,
    vault: () => ({ seal: (secret: string) => secret, open: (sealed: string) => sealed }),
    config: () => ({ providers: [{ name: 'acme', keys: served }], leftOut: [] }),
    scheduler: () => ({ report: () => ({ keys: [] }) }),
    reloads: () => ({ reload, state: () => ({ loaded: '' }) }),
    wall: () => 0,
    log: { info: () => {} },
  }) as ProviderKeyParts
  const keys = createProviderKeys(parts)
  const add = (): Promise<object> => keys.administer('add', { body: { provider: 'acme', key: 'the-same-key-0001' } })
  const both = await Promise.allSettled([add(), add()])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(rows.size).toBe(1)
  await expect(
    keys.administer('add', { body: { provider: 'acme', key: 'another-0001', weight: -1 } }),
  ).rejects.toMatchObject({ param: 'weight' })
})
