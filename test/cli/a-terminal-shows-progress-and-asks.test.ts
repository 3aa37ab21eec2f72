// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream'
import { makeTerminal } from './test-terminal'

const turn = () => new Promise((resolve) => setImmediate(resolve))
/** Unlike `once`, not put off by the error that comes first. */
const closed = (stream: Writable) => new Promise<void>((resolve) => stream.once('close', resolve))

describe('a terminal', () => {
  test('draws a progress bar for a person, and none into a log', async () => {
    const person = makeTerminal({ isTTY: true })
    const bar = person.terminal.showProgress('replaying')
    bar.update(1, 4, ' items')
    bar.update(2, 4, ' items')
    bar.stop()
    await turn()
    expect(person.text.stderr).toMatch(/replaying \[=+-+\] 50% \| 2 of 4 items/)
    expect(person.text.stdout).toBe('')

    const log = makeTerminal()
    const hidden = log.terminal.showProgress('replaying')
    hidden.update(1, 4)
    hidden.stop()
    await turn()
    expect(log.text.stderr).toBe('')
  })

  test('clears the bar for a note', async () => {
    const { terminal, text } = makeTerminal({ isTTY: true })
    const bar = terminal.showProgress('replaying')
    bar.update(1, 4)
    terminal.note('something happened')
    bar.stop()
    terminal.note('it is over')
    await turn()
    expect(text.stderr).toContain('\r\u001b[Ksomething happened\n')
    expect(text.stderr).not.toContain('\u001b[Kit is over')
  })

  test.each([
    ['y\n', true],
    ['Yes\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
  ])('takes %j for an answer', async (answer, isYes) => {
    const { terminal, stdin, text } = makeTerminal({ isTTY: true })
    const confirmed = terminal.confirm('Remove it?')
    stdin.write(answer)
    expect(await confirmed).toBe(isYes)
    expect(text.stderr).toContain('Remove it? [y/N] ')
  })

  test('takes the end of its input for a no', async () => {
    const { terminal, stdin } = makeTerminal({ isTTY: true })
    const confirmed = terminal.confirm('Remove it?')
    stdin.end()
    expect(await confirmed).toBe(false)
  })

  test('stops asking when it is interrupted', async () => {
    const interruption = new AbortController()
    const { terminal } = makeTerminal({ isTTY: true, signal: interruption.signal })
    const confirmed = terminal.confirm('Remove it?')
    interruption.abort()
    await expect(confirmed).rejects.toThrow()
  })

  test('says so when its reader is gone', async () => {
    const { terminal, stdout, text } = makeTerminal()
    expect(await terminal.print('one')).toBe(true)
    stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    await closed(stdout)
    expect(await terminal.print('two')).toBe(false)
    expect(terminal.hasFailed).toBe(false)
    expect(text.stderr).toBe('')
  })

  test('complains when its output fails', async () => {
    const { terminal, stdout, text } = makeTerminal()
    stdout.destroy(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
    await closed(stdout)
    await turn()
    expect(await terminal.print('lost')).toBe(false)
    expect(terminal.hasFailed).toBe(true)
    expect(text.stderr).toBe("otel-tape: can't write to stdout: no space left on device\n")
  })
})
