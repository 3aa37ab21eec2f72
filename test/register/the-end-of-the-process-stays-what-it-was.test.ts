// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { FileStore } from '../../src/storage/file-store'
import { readAll } from '../support/recording'
import { type AppFolder, type Ending, SDK, createAppFolder } from './app-folder'
import { startHangingBackend } from './hanging-backend'
import { readRecorded } from './recorded-session'

let app: AppFolder

beforeAll(async () => {
  app = await createAppFolder(SDK)
})
afterAll(() => app.remove())

const PLAIN = { nodeOptions: [], env: {} }

function recorded(sessionId: string) {
  const none = {
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  }
  return { env: { ...none, OTEL_TAPE_SESSION_ID: sessionId } }
}

/** The message of an uncaught error names the process, and so differs. */
function asUsersSeeIt({ code, signal, stdout }: Ending): Partial<Ending> {
  return { code, signal, stdout }
}

describe('as without us, and the session is completed', () => {
  test.each([
    { id: 'nothing', parameters: ['endings.cjs', 'nothing is left to do'] },
    { id: 'code', parameters: ['endings.cjs', 'an exit code is set'] },
    { id: 'unsettled', parameters: ['unsettled.mjs'] },
  ])('$parameters', async ({ id, parameters }) => {
    const plain = await app.run(parameters, PLAIN)
    expect(await app.run(parameters, recorded(id))).toEqual(plain)
    expect((await readRecorded(app.store, id)).metadata.status).toBe('completed')
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s that nobody handles', async (signal) => {
    const end = async (options: object) => {
      const running = app.start(['endings.cjs', 'a signal nobody handles'], options)
      await running.printed('running')
      running.process.kill(signal)
      return running.ended
    }
    const plain = await end(PLAIN)
    expect(plain.signal).toBe(signal)
    expect(await end(recorded(signal))).toEqual(plain)
    const { metadata, spanNames } = await readRecorded(app.store, signal)
    expect(metadata.status).toBe('completed')
    expect(spanNames).toEqual(['before the end'])
  })

  test('a signal that only signal-exit listens to', async () => {
    const parameters = ['a signal that signal-exit listens to', require.resolve('signal-exit')]
    const end = async (options: object) => {
      const running = app.start(['endings.cjs', ...parameters], options)
      await running.printed('running')
      running.process.kill('SIGTERM')
      return running.ended
    }
    const plain = await end(PLAIN)
    expect(plain).toMatchObject({ signal: 'SIGTERM', stdout: 'running\ncleaned up\n' })
    expect(await end(recorded('signal-exit'))).toEqual(plain)
    expect((await readRecorded(app.store, 'signal-exit')).metadata.status).toBe('completed')
  })

  test('a second signal does not wait for a backend that hangs', async () => {
    const backend = await startHangingBackend()
    try {
      const { env } = recorded('impatient')
      const running = app.start(['endings.cjs', 'a signal nobody handles'], {
        env: { ...env, OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: backend.url },
      })
      await running.printed('running')
      running.process.kill('SIGINT')
      await backend.asked
      running.process.kill('SIGINT')
      const startedAtMillis = Date.now()
      expect(await running.ended).toMatchObject({ code: null, signal: 'SIGINT', stderr: '' })
      expect(Date.now() - startedAtMillis).toBeLessThan(2_000)
    } finally {
      await backend.close()
    }
  })

  test('a signal after which the app finishes its work, which is recorded', async () => {
    const running = app.start(
      ['endings.cjs', 'a signal after which work is finished'],
      recorded('finishes'),
    )
    await running.printed('running')
    running.process.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
    const { metadata, spanNames } = await readRecorded(app.store, 'finishes')
    expect(metadata.status).toBe('completed')
    expect(spanNames).toEqual(['before the end', 'after the signal'])
  })
})

describe('as without us, and the session is interrupted', () => {
  test.each([
    { id: 'exit', parameters: ['endings.cjs', 'process.exit'] },
    { id: 'throws', parameters: ['endings.cjs', 'an error nobody catches'] },
    { id: 'rejects', parameters: ['endings.cjs', 'a rejection nobody catches'] },
  ])('$parameters', async ({ id, parameters }) => {
    const plain = await app.run(parameters, PLAIN)
    const startedAtMillis = Date.now()
    expect(asUsersSeeIt(await app.run(parameters, recorded(id)))).toEqual(asUsersSeeIt(plain))
    // Whatever it was, nothing of ours waited for anything.
    expect(Date.now() - startedAtMillis).toBeLessThan(5_000)
  })

  test('a signal, then process.exit: what there was at the signal is stored', async () => {
    const running = app.start(['endings.cjs', 'a signal, then process.exit'], recorded('exits'))
    await running.printed('running')
    running.process.kill('SIGTERM')
    await running.printed('waits to be let go')
    const store = new FileStore(app.store)
    // Until it exists, reading it ends with an error.
    const stored = (): Promise<unknown[]> =>
      readAll({ store, sessionId: 'exits' }).catch((): unknown[] => [])
    while ((await stored()).length === 0) {
      if (running.process.exitCode !== null) throw new Error('it ended before it was told to')
    }
    running.process.stdin?.write('go')
    expect(await running.ended).toMatchObject({ code: 5, stderr: '' })
    const { metadata, spanNames } = await readRecorded(store, 'exits')
    expect(metadata.status).not.toBe('active')
    expect(spanNames).toEqual(['before the end'])
  })
})
