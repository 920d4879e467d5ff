/**
 * The page in a browser, against a gateway of two workers that serves under load: Debian's Chromium, where it is installed. One of a
 * single process is looked at by `looks.test.ts`.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import OpenAI from 'openai'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isThere, launch, openPage, type Opened } from './browser.ts'
import { ADMIN, startStage, type Stage } from './stage.ts'

/** The smallest picture. */
const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

let stage: Stage
let browser: Browser
let page: Page
let show: Opened['show']
let complaints: string[]

describe.runIf(isThere)('the page', () => {
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([startStage(undefined, ['--workers', '2', '--no-watch']), launch()])
    ;({ page, show, complaints } = await openPage(browser, stage.url))
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
    await key.getByRole('button', { name: 'Disable south#1' }).click()
    await key.locator('.state[data-state=disabled]').waitFor()
    const before = served('south-key-1')
    for (let n = 0; n < 4; n++) expect(await stage.chat('narrow')).toBe(200)
    expect(served('south-key-1')).toBe(before)
    await key.getByRole('button', { name: 'Enable south#1' }).click()
    await key.locator('.state[data-state=ready]').waitFor()
    await Promise.all([stage.chat('narrow'), stage.chat('narrow')])
    expect(served('south-key-1')).toBe(before + 1)
  })

  test('lets a key rest, and weighs one: the traffic follows', async () => {
    await show('pool')
    const key = page.locator('[data-key="north#1"]')
    await key.getByText('Rest, weight').click()
    await key.getByLabel('How long north#1 rests').selectOption('3600')
    await key.getByRole('button', { name: 'Let it rest: north#1' }).click()
    await key.getByText(/back in 60 min/).waitFor()
    const before = served('north-key-1')
    await Promise.all(Array.from({ length: 6 }, () => stage.chat('deep')))
    expect(served('north-key-1')).toBe(before)
    await key.getByRole('button', { name: 'End the rest of north#1' }).click()
    await key.locator('.state[data-state=ready]').waitFor()
    await key.getByLabel('Weight of north#1', { exact: true }).fill('4')
    await key.getByRole('button', { name: 'Set the weight of north#1' }).click()
    await key.getByText('weight 4 (1 in the file)').waitFor()
    for (let n = 0; n < 12; n++) await stage.chat('deep')
    expect(served('north-key-1') - before).toBeGreaterThanOrEqual(7)
    await key.getByRole('button', { name: 'As in the file: the weight of north#1' }).click()
    await key.getByText('weight 4').waitFor({ state: 'detached' })
    await key.getByText('Rest, weight').click()
  })

  test('adds a provider’s key that serves, tests and removes it', async () => {
    await show('pool')
    const form = page.getByRole('form', { name: 'Add the key' })
    await form.getByLabel('Provider').fill('west')
    await form.getByLabel('Key').fill('west-key-of-the-page')
    await form.getByRole('button').click()
    await page.getByText('A key of west is added and serves.').waitFor()
    const row = page.getByRole('region', { name: 'Providers’ keys added here' }).locator('tbody tr')
    const name = await row.getByRole('rowheader').innerText()
    const key = page.locator(`[data-key="${name}"]`)
    await key.getByRole('button', { name: `Test ${name}` }).click()
    await key.getByText(/It works: \S+ answered/).waitFor()
    expect(served('west-key-of-the-page')).toBe(1)
    expect(await page.content()).not.toContain('west-key-of-the-page')
    page.once('dialog', (dialog) => void dialog.accept())
    await row.getByRole('button').click()
    await key.waitFor({ state: 'detached' })
  })

  test('counts a cool-down', async () => {
    await show('pool')
    // long enough to be seen on a busy machine
    stage.vendor.rest = 12
    // of one key alone: where all are refused, the provider rests, and a request may meet each of them
    stage.vendor.refuse.add('north-key-1')
    const shown = page
      .getByRole('region', { name: 'north' })
      .locator('.rests')
      .getByText(/back in \d/)
      .first()
      .waitFor()
    // more at once than the two others take; on a slow machine they come one by one, and may all go to those
    for (let round = 0; round < 20 && stage.vendor.refuse.size > 0; round++) {
      const asked = await Promise.all(Array.from({ length: 20 }, () => stage.chat('deep')))
      expect(new Set(asked)).toEqual(new Set([200]))
    }
    expect(stage.vendor.refuse.size).toBe(0)
    await shown
    stage.vendor.rest = 4
  })

  test('shows who waits, how long, and for what', async () => {
    await show('queue')
    await page.getByText('Nobody waits').waitFor()
    const go = stage.vendor.hold()
    const asked = Promise.all(Array.from({ length: 5 }, (_, n) => stage.chat('narrow', n % 2 ? 'bob' : 'alice')))
    await page.getByRole('heading', { name: 'narrow: 3 waiting' }).waitFor()
    await page
      .getByRole('row', { name: /alice.*concurrency/ })
      .first()
      .waitFor()
    go()
    expect(await asked).toEqual([200, 200, 200, 200, 200])
    await page.getByText('Nobody waits').waitFor()
  })

  test('draws what was asked over time', async () => {
    await show('traffic')
    await page.getByLabel('By').selectOption('client')
    await page.getByRole('row', { name: /alice/ }).waitFor()
    await expect.poll(() => page.locator('.chart canvas').count()).toBe(8)
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
      .first()
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

  test('shows what was asked, what the vendor got and what came back, of a client whose texts are kept', async () => {
    await stage.chat('deep', 'dora')
    await show('requests')
    await page.getByLabel('Client', { exact: true }).fill('dora')
    await page.keyboard.press('Enter')
    await page
      .getByRole('row', { name: /dora deep/ })
      .getByRole('link')
      .click()
    const part = (name: string) => page.getByRole('region', { name }).locator('pre')
    expect(await part('What the client asked').innerText()).toContain('"model": "deep"')
    expect(await part('What the vendor got').innerText()).toContain('"model": "large"')
    expect(await part('What came back').innerText()).toBe('All keys act as one.')
    expect(await page.content()).not.toMatch(/key-of-dora|north-key/)
    await page.getByRole('navigation').getByRole('link', { name: 'Requests' }).click()
    await page.getByLabel('Client', { exact: true }).fill('bob')
    await page.keyboard.press('Enter')
    await page
      .getByRole('row', { name: /bob deep/ })
      .first()
      .getByRole('link')
      .click()
    await page.getByText('Texts are kept only of clients with log_bodies: true.').waitFor()
  })

  test('makes a client’s key that works at once, and revokes it', async () => {
    await show('clients')
    await page.getByRole('row', { name: /bob/ }).getByRole('meter', { name: 'Requests / min' }).waitFor()
    const form = page.getByRole('form', { name: 'Create a key' })
    await form.getByLabel('Name of the client').fill('carol')
    await form.getByLabel('Models (with *)').fill('deep')
    await form.getByLabel('Requests a minute').fill('100')
    await form.getByRole('button').click()
    const apiKey = await page.locator('.secret').innerText()
    const client = new OpenAI({ apiKey, baseURL: `${stage.url}/v1`, maxRetries: 0 })
    const ask = { messages: [{ role: 'user' as const, content: 'Hello' }] }
    const answer = await client.chat.completions.create({ model: 'deep', ...ask })
    expect(answer.choices[0]?.message.content).toBe('All keys act as one.')
    await expect(client.chat.completions.create({ model: 'narrow', ...ask })).rejects.toMatchObject({ status: 403 })
    await page.getByRole('button', { name: 'Change the key of carol' }).click()
    const change = page.getByRole('form', { name: 'Change the key of carol' })
    expect(await change.getByLabel('Requests a minute').inputValue()).toBe('100')
    await change.getByLabel('Models (with *)').fill('deep, narrow')
    await change.getByLabel('At once').fill('3')
    await change.getByRole('button', { name: 'Change the key of carol' }).click()
    await form.waitFor()
    await client.chat.completions.create({ model: 'narrow', ...ask })
    // clicked twice it is done once: the key of before is still one of two
    await page.getByRole('button', { name: 'Rotate the key of carol' }).evaluate((button) => {
      const { click } = button as { click: () => void }
      click.call(button)
      click.call(button)
    })
    await expect.poll(() => page.locator('.secret').innerText()).not.toBe(apiKey)
    const headers = { authorization: `Bearer ${ADMIN}` }
    const shown = await (await fetch(`${stage.url}/v1/admin/keys/carol`, { headers })).json()
    expect(shown).toMatchObject({ secrets: { length: 2 }, limits: [{ rpm: 100 }, { concurrency: 3 }] })
    page.once('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'Revoke the key of carol' }).click()
    await page.getByRole('row', { name: /carol.*revoked/ }).waitFor()
    await expect(client.chat.completions.create({ model: 'deep', ...ask })).rejects.toMatchObject({ status: 401 })
  })

  test.each(['chat', 'messages', 'responses', 'generate-content'])(
    'streams a conversation over %s, with the vendor’s request beside it',
    async (door) => {
      await show('playground')
      await page.getByRole('button', { name: 'Start anew' }).click()
      await page.getByLabel('API', { exact: true }).selectOption(door)
      await page.getByLabel('Model', { exact: true }).selectOption('deep')
      await page.getByLabel('Instructions').fill('Be short')
      await page.getByRole('textbox', { name: 'Message' }).fill('Hello')
      await page.getByLabel('Add an image').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: DOT })
      await page.locator('.compose img').waitFor()
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await page.locator('.said[data-who=assistant]').getByText('All keys act as one.').waitFor()
      await page.getByText(/first token \d.* tokens\/s/).waitFor()
      const vendor = page.locator('.vendor')
      await vendor.getByText(`POST ${stage.vendor.url}/chat/completions`).waitFor()
      const shown = await vendor.innerText()
      expect(shown).toContain('"large"')
      expect(shown).toContain('Be short')
      expect(shown).toContain('image_url')
      expect(shown).not.toContain('north-key')
      // what the model calls is shown, and what came of it goes on
      await page.locator('.offered summary').click()
      const example = page.getByRole('button', { name: 'Fill in an example' })
      if (await example.isVisible()) await example.click()
      await page.getByRole('textbox', { name: 'Message' }).fill('How cold is it?')
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await page.getByText('weather({"city":"Oslo"})').waitFor()
      await page.getByLabel('Result of weather').fill('very cold')
      await page.getByRole('button', { name: 'Send the results' }).click()
      await page
        .locator('.said[data-who=assistant]')
        .getByText(/It is said to be .*very cold.*All keys/)
        .waitFor()
      await page.locator('.vendor').getByText('"tool_call_id"').waitFor()
      await page.getByRole('textbox', { name: 'Tools' }).fill('{}')
      await page.getByText('This is no list of tools').waitFor()
      await page.getByRole('textbox', { name: 'Tools' }).fill('')
      await page.locator('.offered summary').click()
    },
  )

  test('sends nothing while the models are not known, and loses no message over it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await page.route('**/v1/models', async (route) => promise.then(() => route.continue()))
    await show('queue')
    await show('playground')
    await page.getByRole('textbox', { name: 'Message' }).fill('Hello')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('Hello')
    resolve()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.locator('.said[data-who=assistant]').getByText('All keys act as one.').waitFor()
    await page.unroute('**/v1/models')
  })

  test('plans for a file, and for what the log has', async () => {
    await show('plan')
    const form = page.getByRole('form', { name: 'Plan' })
    await form.getByLabel('Model', { exact: true }).selectOption('scarce')
    await form.getByLabel('Traffic').selectOption('file')
    // 6 a minute are let through, and 30 come
    const rows = Array.from({ length: 120 }, (_, n) => `${n * 2},100,50`)
    const csv = ['t_s,input_tokens,output_tokens', ...rows].join('\n')
    await form
      .getByLabel('a file (CSV)')
      .setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await form.getByRole('button', { name: 'Plan' }).click()
    await page.getByText(/not enough: [\d.]+ % are served. To serve 99.0 %/).waitFor()
    await page.getByText(/^\d more keys of west, each of an account of its own/).waitFor()
    await page.getByRole('row', { name: /west\/tiny#west#1 \d+ \d+ Requests \/ min 100 %/ }).waitFor()
    expect(await stage.chat('deep')).toBe(200)
    // few characters, and more bytes than the server takes
    const large = Buffer.from(`${csv.split('\n', 1)[0]},client\n0,1,1,${'客'.repeat(1_500_000)}`)
    await form.getByLabel('a file (CSV)').setInputFiles({ name: 'b.csv', mimeType: 'text/csv', buffer: large })
    await form.getByRole('button', { name: 'Plan' }).click()
    await page.getByText('The file is too large: 4 MB at most.').waitFor()
    await form.getByLabel('Traffic').selectOption('1')
    await form.getByLabel('Model', { exact: true }).selectOption('deep')
    await form.getByRole('button', { name: 'Plan' }).click()
    await page.getByText('The keys are enough: 100.0 % are served.').waitFor()
  })

  test('refuses a bad configuration where it is written, and serves a good one', async () => {
    await show('config')
    const editor = page.getByRole('textbox', { name: 'The configuration’s file' })
    const text = await editor.inputValue()
    expect(text).not.toContain('north-key')
    await editor.fill(text.replace('rpm: 40 ', 'rpm: forty '))
    await page.getByText('expected a number').waitFor()
    expect(await page.getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true)
    await editor.fill(text.replace('deep: [north/large]', 'deep: [north/large]\n  deeper: [north/large]'))
    await page.getByText('No fault found.').waitFor()
    await page.locator('.diff .add').getByText('deeper').waitFor()
    // another one writes it meanwhile: neither text is lost
    appendFileSync(stage.file, '# by another\n')
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('the file was changed meanwhile').waitFor()
    await page.locator('.diff .cut').getByText('# by another').waitFor()
    await editor.fill(`${await editor.inputValue()}# by another\n`)
    await page.getByText('No fault found.').waitFor()
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('Written and served.').waitFor()
    expect(readFileSync(stage.file, 'utf8')).toContain('# by another')
    expect(await stage.chat('deeper')).toBe(200)
  })

  test.each(['#/constructor', '#/pool/%E4%B'])('a link to %s leads to the pool', async (hash) => {
    await show('queue')
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
    await page.getByRole('heading', { name: 'north' }).waitFor()
  })

  test('speaks Chinese as well', async () => {
    await show('pool')
    await page.getByRole('button', { name: '中文' }).click()
    await page.getByRole('heading', { name: '密钥池' }).waitFor()
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('zh-CN')
    await page.getByRole('button', { name: 'English' }).click()
  })

  test('makes the browser complain of nothing', () => {
    // of the text that another had changed meanwhile the browser tells as well
    expect(complaints.filter((each) => !each.includes('status of 409'))).toEqual([])
  })
})

function served(key: string): number {
  return stage.vendor.served.get(key) ?? 0
}
