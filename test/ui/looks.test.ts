/**
 * How the page looks: every view, wide and on a phone, light and dark. Nothing sticks out, and axe finds nothing serious.
 * UI_SHOTS=FOLDER writes a picture of each, for people to look at; UI_IMAGES=docs/images those of the README.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { isThere, launch, openPage } from './browser.ts'
import { ADMIN, startStage, type Stage } from './stage.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const { UI_SHOTS, UI_IMAGES } = process.env

/** Each view, and what is to be seen when it is all there. */
const VIEWS: Record<string, string> = {
  pool: '.key .limit',
  queue: 'table.queue',
  traffic: '.chart canvas',
  requests: 'tbody tr',
  clients: 'tbody .limit',
  playground: '.vendor',
  plan: '.verdict',
  config: '.good',
}

const SIZES = [
  { name: 'wide', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  { name: 'tablet', viewport: { width: 820, height: 1100 }, colorScheme: 'dark', locale: 'zh-CN' },
] as const

const CLIENTS = ['alice', 'bob', 'night']
const FOREVER = 600_000
const ADMINS = { authorization: `Bearer ${ADMIN}` }

let stage: Stage
let browser: Browser
/** The request whose texts are kept. */
let kept: string
/** Requests that wait while pictures are taken. */
let asked: Promise<unknown>

describe.runIf(isThere)('each view', () => {
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([startStage(), launch()])
    stage.vendor.refuse.add('north-key-2')
    await Promise.all(
      Array.from({ length: 24 }, (_, n) => stage.chat(['fast', 'deep', 'narrow'][n % 3] ?? '', CLIENTS[n % 3])),
    )
    await Promise.all(Array.from({ length: 6 }, () => stage.chat('scarce', 'bob')))
    const made = { method: 'POST', headers: { ...ADMINS, 'content-type': 'application/json' } }
    for (const client of [{ name: 'erin', models: ['fast', 'deep'], expires: '2099-01-31' }, { name: 'frank' }])
      await fetch(`${stage.url}/v1/admin/keys`, { ...made, body: JSON.stringify(client) })
    stage.vendor.rest = 90
    stage.vendor.refuse.add('north-key-2')
    while (stage.vendor.refuse.size > 0) await stage.chat('deep')
    const disable = `${stage.url}/v1/scheduler/keys/${encodeURIComponent('north#3')}/disable`
    await fetch(disable, { method: 'POST', headers: ADMINS })
    await stage.chat('deep', 'dora')
    // the log is written behind
    kept = await vi.waitFor(() => lastOf('dora'), 5000)
    // from here on nobody is served, so that pictures show who waits, however long they take
    stage.vendor.pause = FOREVER
    asked = Promise.allSettled(
      Array.from({ length: 24 }, (_, n) => stage.chat(['narrow', 'scarce'][n % 2] ?? '', CLIENTS[n % 3], 600)),
    )
  })
  afterAll(async () => {
    await browser?.close()
    // who waits still is refused
    await stage?.close()
    await asked
  })

  test.each(SIZES)('$name: nothing sticks out, and all can be read', async ({ name, ...options }) => {
    const { page, show } = await openPage(browser, stage.url, options)
    await page
      .locator(VIEWS['pool'] ?? '')
      .first()
      .waitFor()
    await page.evaluate(AXE)
    const look = async (view: string): Promise<void> => {
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect({ view, over }).toEqual({ view, over: 0 })
      const unseen = await page.evaluate<number>(CUT)
      expect({ view, unseen }).toEqual({ view, unseen: 0 })
      expect({ view, over: await page.evaluate(RUNS_OVER) }).toEqual({ view, over: [] })
      if (name !== 'tablet') expect({ view, faults: await page.evaluate(SERIOUS) }).toEqual({ view, faults: [] })
      await take(page, UI_SHOTS, `${view}-${name}`, true)
    }
    for (const [view, sign] of Object.entries(VIEWS)) {
      await show(view)
      if (view === 'playground') await say(page)
      if (view === 'plan') await page.locator('form button.main').click()
      if (view === 'pool') await page.locator('.adjust summary').first().click()
      await page.locator(sign).first().waitFor()
      await look(view)
      if (name === 'wide' && view === 'pool') await take(page, UI_IMAGES, 'pool', false)
    }
    await page.evaluate(`location.hash = '#/requests/${kept}'`)
    await page.locator('.bodies pre').first().waitFor()
    await look('request')
    if (name === 'wide') {
      await show('queue')
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.locator('table.queue').first().waitFor()
      await take(page, UI_IMAGES, 'queue', false)
    }
    await page.close()
  })
})

/** The id of a client's newest request. Throws while there is none in the log. */
async function lastOf(client: string): Promise<string> {
  const rows = await fetch(`${stage.url}/v1/admin/requests?client=${client}`, { headers: ADMINS })
  const id = ((await rows.json()) as { data: { id: string }[] }).data.at(-1)?.id
  if (id === undefined) throw new Error(`${client} has no request in the log`)
  return id
}

/** Reasons, outcomes and limits that only who scrolls aside would see. */
const CUT = `[...document.querySelectorAll('.why, td .state, td .limit-level, .made button')].filter((each) => {
  const { left, right } = each.getBoundingClientRect()
  return left < 0 || right > innerWidth || right > each.closest('.scroll').getBoundingClientRect().right
}).length`

/** Texts that run into what stands beside them. */
const RUNS_OVER = `[...document.querySelectorAll('th, td, .limit > *, .fields label, .said, .card > *')]
  .filter((each) => getComputedStyle(each).overflowX === 'visible' && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
  .map((each) => each.className + ': ' + each.textContent.slice(0, 60))`

const SERIOUS = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | ')))`

async function say(page: Page): Promise<void> {
  stage.vendor.pause = 5
  await page.getByRole('textbox').last().fill('Hello')
  await page.locator('.compose button.main').click()
  await page.locator('.facts-line').waitFor()
  stage.vendor.pause = FOREVER
}

async function take(page: Page, folder: string | undefined, name: string, fullPage: boolean): Promise<void> {
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage })
}
