/** The page in a browser, against a gateway that serves under load: Debian's Chromium, where it is installed. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN, startStage, type Stage } from './stage.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isThere = existsSync(CHROMIUM)
if (!isThere) console.warn(`the page is not tried: there is no ${CHROMIUM} (apt-get install chromium, or CHROMIUM=…)`)

let stage: Stage
let browser: Browser
let page: Page
/** What the browser complains about. */
const complaints: string[] = []

describe.runIf(isThere)('the page', () => {
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([
      startStage(),
      chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] }),
    ])
    page = await opened()
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
  })

  test('asks for the administrator’s key, and says when it is the wrong one', async () => {
    const fresh = await browser.newPage()
    await fresh.goto(`${stage.url}/ui`)
    await fresh.getByLabel('Administrator key').fill('no-key')
    await fresh.keyboard.press('Enter')
    await fresh.getByRole('alert').waitFor()
    await fresh.getByLabel('Administrator key').fill(ADMIN)
    await fresh.keyboard.press('Enter')
    await fresh.getByRole('heading', { name: 'north' }).waitFor()
    expect(await fresh.evaluate<string>('document.cookie + JSON.stringify(localStorage)')).not.toContain(ADMIN)
    await fresh.close()
  })

  test('shows each key with its limits; one that is disabled gets no traffic', async () => {
    await show('pool')
    const key = page.locator('[data-key="south#1"]')
    await key.getByRole('meter', { name: 'Requests / min' }).waitFor()
    await key.getByRole('button', { name: 'Take south#1 out of service' }).click()
    await key.locator('.state[data-state=disabled]').waitFor()
    const before = served('south-key-1')
    for (let n = 0; n < 4; n++) expect(await stage.chat('narrow')).toBe(200)
    expect(served('south-key-1')).toBe(before)
    await key.getByRole('button', { name: 'Put south#1 back into service' }).click()
    await key.locator('.state[data-state=ready]').waitFor()
    await Promise.all([stage.chat('narrow'), stage.chat('narrow')])
    expect(served('south-key-1')).toBe(before + 1)
  })

  test('counts a cool-down', async () => {
    await show('pool')
    stage.vendor.refuse.add('north-key-1').add('north-key-2').add('north-key-3')
    const asked = Promise.all([1, 2, 3].map(() => stage.chat('deep')))
    await page
      .locator('[data-key^="north"] .limit')
      .getByText(/next in \d/)
      .first()
      .waitFor()
    expect(await asked).toEqual([200, 200, 200])
  })

  test('shows who waits, how long, and for what', async () => {
    await show('queue')
    await page.getByText('Nobody waits').waitFor()
    stage.vendor.pause = 300
    const asked = Promise.all(Array.from({ length: 5 }, (_, n) => stage.chat('narrow', n % 2 ? 'bob' : 'alice')))
    await page.getByRole('heading', { name: 'narrow: 3 waiting' }).waitFor()
    await page
      .getByRole('row', { name: /alice.*concurrency/ })
      .first()
      .waitFor()
    stage.vendor.pause = 15
    expect(await asked).toEqual([200, 200, 200, 200, 200])
    await page.getByText('Nobody waits').waitFor()
  })

  test('draws what was asked over time', async () => {
    await show('traffic')
    await page.getByLabel('By').selectOption('client')
    await page.getByRole('row', { name: /alice/ }).waitFor()
    expect(await page.locator('.chart canvas').count()).toBe(8)
  })

  test('finds a request, and shows its tries one below the other', async () => {
    stage.vendor.refuse.add('north-key-1').add('north-key-2')
    // one of the three may be asked that was not refused
    while (stage.vendor.refuse.size > 0) await stage.chat('deep', 'bob')
    await show('requests')
    await page.getByLabel('Client', { exact: true }).fill('bob')
    await page.getByLabel('Model', { exact: true }).fill('deep')
    await page.keyboard.press('Enter')
    await page
      .getByRole('row', { name: /bob deep \S+ answered [23] / })
      .getByRole('link')
      .click()
    await page.getByRole('heading', { name: 'Its tries' }).waitFor()
    expect(await page.locator('.waterfall li').count()).toBeGreaterThan(1)
    await page
      .locator('.waterfall li')
      .last()
      .getByRole('img', { name: /the answer \d/ })
      .waitFor()
    await page.locator('.waterfall li[data-failed]').first().waitFor()
  })

  test('speaks Chinese as well', async () => {
    await show('pool')
    await page.getByRole('button', { name: 'Show this page in Chinese' }).click()
    await page.getByRole('heading', { name: '密钥池' }).waitFor()
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('zh-CN')
    await page.getByRole('button', { name: '用英文显示此页面' }).click()
  })

  test('makes the browser complain of nothing', () => {
    expect(complaints).toEqual([])
  })
})

/** A page of an administrator. */
async function opened(): Promise<Page> {
  const made = await browser.newPage({ locale: 'en-GB' })
  made.setDefaultTimeout(15_000)
  made.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  made.on('pageerror', (error) => complaints.push(String(error)))
  await made.addInitScript((key) => sessionStorage.setItem('balanced-call.key', key), ADMIN)
  await made.goto(`${stage.url}/ui`)
  return made
}

async function show(view: string): Promise<void> {
  await page.evaluate(`location.hash = '#/${view}'`)
  await page.locator(`nav a[aria-current][href="#/${view}"]`).waitFor()
}

function served(key: string): number {
  return stage.vendor.served.get(key) ?? 0
}
