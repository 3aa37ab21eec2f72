// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

const CLOCK_TICKS_PER_SECOND = 100
const READY_LIMIT_MILLIS = 30_000
const STOP_LIMIT_MILLIS = 120_000

/**
 * Starts a command and waits until `readyIn` finds in its output what it looks for;
 * `stop` sends the signal, waits for the end, and resolves with the CPU seconds, of
 * user and system, that the command and whatever it started have used from start to end.
 * Only one at a time: a process knows what its children used in all, once they have ended.
 */
export async function startMeasured(command, parameters, { env, readyIn, exitCodes = [0] }) {
  const secondsBefore = childrenCpuSeconds()
  const child = spawn(command, parameters, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const exit = once(child, 'close')
  exit.catch(() => {})
  let found
  const ready = new Promise((resolve) => {
    const look = (text) => {
      // Kept until it is ready, for what it says, and then only its end, for what goes wrong.
      output = found ? (output + text).slice(-10_000) : output + text
      found ??= readyIn(output)
      if (found) resolve()
    }
    child.stdout.setEncoding('utf8').on('data', look)
    child.stderr.setEncoding('utf8').on('data', look)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MILLIS)
  await Promise.race([ready, exit])
  clearTimeout(timer)
  if (!found) throw new Error(`${command} was not ready:\n${output}`)
  return {
    found,
    kill: () => child.kill('SIGKILL'),
    stop: async (signal) => {
      child.kill(signal)
      const stopTimer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MILLIS)
      const [code] = await exit
      clearTimeout(stopTimer)
      if (!exitCodes.includes(code)) throw new Error(`${command} ended with ${code}:\n${output}`)
      return childrenCpuSeconds() - secondsBefore
    },
  }
}

/** Of all children that have ended. Node has no name for it, so this is Linux alone. */
function childrenCpuSeconds() {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  // The name, in brackets, may hold spaces; what comes behind it are the fields from the third on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [childrenUser, childrenSystem] = [Number(fields[13]), Number(fields[14])]
  return (childrenUser + childrenSystem) / CLOCK_TICKS_PER_SECOND
}
